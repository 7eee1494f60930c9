"""The four ways the desk refuses. Leaf errors sit beside their raiser and derive from one of these.

``str(error)`` is a whole sentence that can be shown to an analyst: it names what was wrong, where, and the way out.
"""


class CasedeskError(Exception):
    """Anything the desk says no to, in a sentence for the person who asked."""


class NotFound(CasedeskError):
    """The thing asked for is not there, or not visible to the person who asked."""


class NotPermitted(CasedeskError):
    """The role, or the separation of duties, forbids the step."""


class Conflict(CasedeskError):
    """Somebody else changed the thing since it was read, or another process holds it."""


class Invalid(CasedeskError):
    """The input breaks a rule: the sentence names the field, the place and the fix."""


class Unavailable(CasedeskError):
    """A part the desk stands on (database, settings, file) is missing, locked or of another version."""
