"""Endings of file names, by what such files hold."""

from __future__ import annotations

#: Suffixes for which a folder is scanned, compared without case.
VIDEO_SUFFIXES = (
    ".mp4", ".m4v", ".mov", ".qt", ".mkv", ".webm", ".avi", ".divx", ".wmv", ".asf", ".flv", ".f4v", ".mpg",
    ".mpeg", ".m2v", ".vob", ".ts", ".mts", ".m2ts", ".mxf", ".3gp", ".3g2", ".ogv", ".mjpeg", ".mjpg", ".y4m",
)  # fmt: skip
AUDIO_SUFFIXES = (
    ".wav", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".wma", ".aif", ".aiff", ".amr", ".mka",
)  # fmt: skip

#: Left out of folders; one that is named by itself is a recording of one frame.
PICTURE_SUFFIXES = (
    ".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".heic", ".heif", ".avif", ".jp2",
)  # fmt: skip
