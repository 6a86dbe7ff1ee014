"""The transformers callback in a real `Trainer` with a tiny model built from a config, against a raw ingest socket."""

from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import Ingest

torch = pytest.importorskip("torch")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    pytest.importorskip("accelerate", reason="accelerate is not installed, which transformers' Trainer needs")

import livecka.torch  # noqa: E402
import livecka.transformers  # noqa: E402

# Tests ask for exact steps, which a budget would thin out.
PARAMETERS = inspect.signature(livecka.torch.watch).parameters
UNLIMITED: dict[str, Any] = {"budget": None} if "budget" in PARAMETERS else {}
pytestmark = pytest.mark.filterwarnings("ignore")
LENGTH = 6


class Sentences(torch.utils.data.Dataset):  # type: ignore[misc]
    def __init__(self, count: int, seed: int = 0) -> None:
        self.tokens = torch.randint(0, 50, (count, LENGTH), generator=torch.Generator().manual_seed(seed))

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"input_ids": self.tokens[index], "labels": self.tokens[index]}


def probe() -> list[dict[str, Any]]:
    tokens = Sentences(16, seed=9).tokens
    return [{"input_ids": part, "attention_mask": torch.ones_like(part)} for part in tokens.split(8)]


def model() -> Any:
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=50, n_positions=LENGTH, n_embd=16, n_layer=3, n_head=2, bos_token_id=0, eos_token_id=0
    )
    return transformers.GPT2LMHeadModel(config)


def trainer(net: Any, directory: Path, callbacks: Any = (), **options: Any) -> Any:
    settings = {
        "output_dir": str(directory), "per_device_train_batch_size": 4, "max_steps": 10, "report_to": [], "use_cpu": True,
        "disable_tqdm": True, "save_strategy": "no", "logging_strategy": "steps", "logging_steps": 1, "learning_rate": 0.01,
        "seed": 3, **options,
    }
    return transformers.Trainer(
        net, transformers.TrainingArguments(**settings), train_dataset=Sentences(48), eval_dataset=Sentences(8, 1),
        callbacks=list(callbacks),
    )


def callback(ingest: Ingest, **options: Any) -> Any:
    settings = {
        "run": "gpt", "endpoint": ingest.endpoint, "probe": probe(), "every": 5, "strict": True, "wait": "10s",
        **UNLIMITED, **options,
    }
    return livecka.transformers.Callback(**settings)


def batches(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message for message in messages if message["type"] == "batch"]


def losses(trained: Any) -> list[float]:
    return [entry["loss"] for entry in trained.state.log_history if "loss" in entry]


def test_each_probe_pass_shows_the_weights_of_its_step(ingest: Ingest, tmp_path: Path) -> None:
    net, kept = model(), {}

    class Keep(transformers.TrainerCallback):  # type: ignore[misc, name-defined]
        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            kept[0] = copy.deepcopy(net.state_dict())

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            kept[state.global_step] = copy.deepcopy(net.state_dict())

    watching = callback(ingest)
    listening = ingest.in_the_background()
    trainer(net, tmp_path, [Keep(), watching]).train()
    messages = listening.result()
    sent = batches(messages)
    assert [(batch["step"], batch["batch"], batch["batches"]) for batch in sent] == [
        (step, index, 2) for step in (0, 5, 10) for index in (0, 1)
    ]
    plain = model().eval()
    for batch in sent:
        plain.load_state_dict(kept[batch["step"]])
        with torch.no_grad():
            states = plain.transformer(**probe()[batch["batch"]], output_hidden_states=True).hidden_states
        # The last of the hidden states has gone through the final norm, which the third block's output has not.
        for index in range(2):
            np.testing.assert_allclose(
                batch["arrays"][f"transformer.h.{index}"].reshape(8, LENGTH, 16), states[index + 1].numpy(), rtol=0, atol=1e-6
            )
    assert messages[-1]["reason"] == "finished" and messages[-1]["sent"] == 6 and watching.faults == {}


def test_training_is_the_same_to_the_last_bit(ingest: Ingest, tmp_path: Path) -> None:
    listening = ingest.in_the_background()
    watched = trainer(model(), tmp_path, [callback(ingest, every=1)])
    watched.train()
    listening.result()
    alone = trainer(model(), tmp_path)
    alone.train()
    assert losses(watched) == losses(alone) and len(losses(alone)) == 10


def test_steps_are_optimiser_steps_where_gradients_are_accumulated_and_evaluation_is_not_watched(
    ingest: Ingest, tmp_path: Path
) -> None:
    listening = ingest.in_the_background()
    trainer(
        model(), tmp_path, [callback(ingest, every=2)], gradient_accumulation_steps=3, max_steps=4, eval_strategy="steps",
        eval_steps=1,
    ).train()
    sent = batches(listening.result())
    assert [batch["step"] for batch in sent] == [0, 0, 2, 2, 4, 4]
    assert {batch["phase"] for batch in sent} == {"train"}


def test_steps_go_on_from_a_checkpoint(ingest: Ingest, tmp_path: Path) -> None:
    trainer(model(), tmp_path, save_strategy="steps", save_steps=7, max_steps=7).train()
    listening = ingest.in_the_background()
    trainer(model(), tmp_path, [callback(ingest)]).train(resume_from_checkpoint=True)
    assert [batch["step"] for batch in batches(listening.result())] == [7, 7, 10, 10]


def test_a_run_that_breaks_off_ends_as_failed_with_the_next_training(ingest: Ingest, tmp_path: Path) -> None:
    class Break(transformers.TrainerCallback):  # type: ignore[misc, name-defined]
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step == 3:
                raise RuntimeError("broken")

    watching = callback(ingest)
    listening = ingest.in_the_background(byes=2)
    with pytest.raises(RuntimeError, match="broken"):
        trainer(model(), tmp_path, [Break(), watching]).train()
    trainer(model(), tmp_path, [watching]).train()
    reasons = [message["reason"] for message in listening.result() if message["type"] == "bye"]
    assert reasons == ["failed", "finished"]


SCRIPT = """
import sys
sys.path[:0] = {path!r}
from pathlib import Path
import test_transformers
from test_transformers import model, trainer, transformers
import livecka.transformers
class Break(transformers.TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        raise {error}
watching = livecka.transformers.Callback(run="gpt", endpoint={endpoint!r}, probe=test_transformers.probe(), wait="20s")
trainer(model(), Path({directory!r}), [watching, Break()]).train()
"""


@pytest.mark.parametrize(("error", "reason"), [("ValueError", "failed"), ("KeyboardInterrupt", "interrupted")])
def test_a_program_that_breaks_off_says_so(ingest: Ingest, tmp_path: Path, error: str, reason: str) -> None:
    program = SCRIPT.format(path=[str(Path(__file__).parent)], error=error, endpoint=ingest.endpoint, directory=str(tmp_path))
    listening = ingest.in_the_background()
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert error in result.stderr
    assert listening.result()[-1]["reason"] == reason


def test_nothing_that_goes_wrong_reaches_the_trainer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    watching = livecka.transformers.Callback(run="gpt", endpoint="tcp://127.0.0.1:9", probe=probe(), layers="missing", wait=0)
    trained = trainer(model(), tmp_path, [watching])
    trained.train()
    assert len(losses(trained)) == 10 and watching.faults == {"watch the model: ValueError": 1}
    assert len([record for record in caplog.records if record.name == "livecka"]) == 1


def test_copies_and_pickles_carry_the_options(ingest: Ingest) -> None:
    original = callback(ingest)
    for duplicate in (copy.deepcopy(original), pickle.loads(pickle.dumps(original))):
        assert type(duplicate) is type(original) and duplicate.watcher is None
        assert duplicate._attachment._options["every"] == 5


def test_wrong_options_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="run name"):
        livecka.transformers.Callback(run="a/b", probe=probe())
    with pytest.raises(TypeError, match="evry"):
        livecka.transformers.Callback(run="gpt", probe=probe(), evry=3)
