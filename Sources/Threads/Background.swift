internal import CPlatform

/// Has the system take this process for one that computes in the background.
///
/// A thread that wakes up then waits for its turn where all cores are busy, and interrupts nobody: neither the training job
/// beside it, nor its own workers for every few kilobytes that come in. Where a core is free nothing changes, and its share
/// of busy ones stays the same.
///
/// For the calling thread and those that it starts, and those start: to be called before any that matters. Where the
/// system does not let us, everything runs as before.
public func runInBackground() {
    _ = platform_run_in_background()
}
