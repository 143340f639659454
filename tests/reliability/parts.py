"""The parts of the suite by name, and how many cases each has unless one says otherwise."""

from tests.reliability.bits import bits
from tests.reliability.changing import changing
from tests.reliability.disk_full import disk_full
from tests.reliability.kill import kill
from tests.reliability.leftovers import leftovers
from tests.reliability.load import load
from tests.reliability.locking import locking
from tests.reliability.permission import permission
from tests.reliability.report import Part

PARTS: dict[str, Part] = {
    "kill": kill,
    "disk-full": disk_full,
    "permission": permission,
    "changing": changing,
    "locking": locking,
    "load": load,
    "bits": bits,
    "leftovers": leftovers,
}
COUNTS = {
    "kill": 400,
    "disk-full": 200,
    "permission": 60,
    "changing": 1000,
    "locking": 50,
    "load": 150,
    "bits": 1000,
    "leftovers": 60,
}
