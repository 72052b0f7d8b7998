"""Recordings of a car's bus, in the formats of many tools.

:class:`~ovms.car.recordings.recording.Recording` is one. A format is a
:class:`~ovms.car.recordings.formats.TextFormat`, or one that python-can reads. What a file holds is
told by its content. ``docs/recordings.md`` lists the formats.
"""
