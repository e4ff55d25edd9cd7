"""Everything that can be done with licences, lines and SIMs."""

from kitto.licences.actions.lines import change_line, end_line, open_line, resume_line, suspend_line
from kitto.licences.actions.reservations import (
    give_reservations_back,
    give_seats_back,
    reserve_seats,
    take_up,
)
from kitto.licences.actions.seats import (
    add_title,
    change_pool,
    free_seat,
    free_seats_of,
    grant_seat,
    open_pool,
)
from kitto.licences.actions.sims import (
    add_sim,
    connect_sim,
    put_in,
    refuse_sims_inside,
    retire_sim,
    swap_sim,
    take_out,
)

__all__ = [
    "add_sim",
    "add_title",
    "change_line",
    "change_pool",
    "connect_sim",
    "end_line",
    "free_seat",
    "free_seats_of",
    "give_reservations_back",
    "give_seats_back",
    "grant_seat",
    "open_line",
    "open_pool",
    "put_in",
    "refuse_sims_inside",
    "reserve_seats",
    "resume_line",
    "retire_sim",
    "suspend_line",
    "swap_sim",
    "take_out",
    "take_up",
]
