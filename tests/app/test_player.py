"""The place in the walk: bounds, order, and that playing ends by itself."""

from graphviz_app.player import MAX_SPEED, MIN_SPEED, SECONDS_PER_OP, Player


def walked(total: int) -> Player:
    player = Player()
    player.set_total(total)
    return player


def test_a_new_walk_is_shown_whole() -> None:
    assert walked(5).done


def test_a_step_from_the_end_starts_again() -> None:
    player = walked(5)
    player.step()
    assert player.index == 0


def test_every_step_once_forward_and_back() -> None:
    player, seen = walked(3), []
    player.first()
    player.moved.connect(seen.append)
    for _ in range(3):
        player.step()
    assert (seen, player.done) == ([0, 1, 2], False)
    player.step()
    assert player.done
    for _ in range(6):
        player.back()
    assert player.index == -1


def test_going_nowhere_stays_within_the_walk() -> None:
    player = walked(4)
    player.seek(-99)
    assert player.index == -1
    player.seek(99)
    assert player.done


def test_another_walk_begins_where_it_is_told() -> None:
    player = walked(10)
    player.set_total(12, 4)
    assert (player.index, player.done) == (4, False)
    player.set_total(3, 4)
    assert player.done


def test_playing_ends_at_the_end(qtbot) -> None:
    player = walked(3)
    player.set_speed(MAX_SPEED)
    with qtbot.waitSignal(player.playing_changed, check_params_cb=lambda on: not on, timeout=5000):
        player.toggle()
    assert player.done


def test_playing_stops_when_a_person_steps(qtbot) -> None:
    player = walked(50)
    player.toggle()
    assert player.playing
    player.back()
    assert not player.playing


def test_speed_is_ops_a_second_within_its_limits() -> None:
    player = walked(3)
    player.set_speed(2.0)
    player.toggle()
    assert player._timer.interval() == round(1000 * SECONDS_PER_OP / 2)
    player.pause()
    player.set_speed(1000.0)
    assert player.speed == MAX_SPEED
    player.set_speed(0.0)
    assert player.speed == MIN_SPEED


def test_an_empty_walk_cannot_play() -> None:
    player = walked(0)
    player.toggle()
    assert not player.playing
