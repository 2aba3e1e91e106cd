"""A dev host that is killed at any moment goes on after its restart, and posts once."""

import random
import time

import pytest

from local.stack import running
from tests.acceptance.client import Signpost, plan
from tests.doubles.quick_model import QuickModel

KILLS = 30
PHASES = ("drafting", "waiting", "signed")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory):
    """Start a Signpost that no other test uses, since it is killed all the time."""
    with QuickModel(delay=0.05) as model:
        laid_out = plan(tmp_path_factory.mktemp("killed"), model.url)
        with running(laid_out) as children, Signpost(laid_out, children) as started:
            yield started


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_killed_host_goes_on_and_posts_once(own: Signpost, kill: int) -> None:
    """Killed while drafting, while waiting, or between signature and post: exactly one post."""
    chance = random.Random(kill)
    phase, text = PHASES[kill % len(PHASES)], f"Signed in spite of kill {kill}."
    run = own.start(topic=f"Kill {kill}")
    if phase == "drafting":
        time.sleep(chance.uniform(0, 0.05))
        restart(own)
    own.wait(run, "waiting")
    if phase == "waiting":
        restart(own)
    link = own.link(run)
    own.sign(link, acceptedText=text)
    if phase == "signed":
        time.sleep(chance.uniform(0, 0.02))
        restart(own)
    finished(own, run, text)


def test_hardly_a_kill_hits_the_sending_itself(own: Signpost) -> None:
    """Nearly all of the killed runs reached Teams, so the kills above prove something."""
    assert len(own.posts("Signed in spite of kill")) >= KILLS - 3


def restart(signpost: Signpost) -> None:
    """Kill the dev host and start it again."""
    signpost.kill()
    signpost.restart()


def finished(signpost: Signpost, run: str, text: str) -> None:
    """Exactly one post; at most one, and told as unknown, when the host died while it sent."""
    story = signpost.wait(run, "closed")
    assert (story["outcome"], story["acceptedText"]) == ("Approve", text)
    if story["delivery"]["state"] == "unknown":
        assert len(signpost.posts(text)) <= 1
    else:
        assert (story["delivery"]["state"], len(signpost.posts(text))) == ("handed over", 1)
