"""What the client costs, measured: ``python -m livecka.benchmarks.overhead``."""
