"""Page layout: what the worker tells about a page → its size and boxes, checked; its picture."""

from dataclasses import dataclass

from index.formats.frames import Frame, FrameError

_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page's picture, in fractions of its width and height, from its top left."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class PageLayout:
    """A page's size and the boxes of the spans asked for."""

    width: float  # points, as the page is shown
    height: float
    boxes: tuple[tuple[Box, ...], ...]  # of each span; () where its characters are not known


def unpack_picture(frame: Frame) -> bytes:
    """Take a page's picture out of a message.

    :param frame: From the worker.
    :return: What at least begins as a PNG.
    :raises FrameError: When it does not.
    """
    if not frame.raw.startswith(_PNG):
        raise FrameError("no PNG")
    return frame.raw


def unpack_layout(frame: Frame) -> PageLayout:
    """Take a page's layout out of a message, and check it.

    :param frame: From the worker.
    :return: A layout whose boxes all lie on the page.
    :raises FrameError: When it is not that.
    """
    try:
        boxes = tuple(
            tuple(Box(*map(_fraction, sides)) for sides in found) for found in frame.fields["boxes"]
        )
        return PageLayout(_points(frame.fields["width"]), _points(frame.fields["height"]), boxes)
    except (KeyError, TypeError) as exc:
        raise FrameError("not a page's layout") from exc


def _fraction(value: object) -> float:
    if not isinstance(value, float | int) or not 0 <= value <= 1:
        raise FrameError("not a fraction")
    return float(value)


def _points(value: object) -> float:
    if not isinstance(value, float | int) or not 0 < value < 1e6:
        raise FrameError("not a length")
    return float(value)
