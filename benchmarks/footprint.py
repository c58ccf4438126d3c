"""What a distribution takes on disk with all that it needs; run by the interpreter of its environment.

Usage: footprint.py DISTRIBUTION. Prints JSON: bytes, and the number of distributions.
"""

import json
import re
import sys
from importlib import metadata


def needed(name, seen):
    """Names of a distribution and of all that it requires here, extras left out."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in seen:
        return
    try:
        found = metadata.distribution(key)
    except metadata.PackageNotFoundError:
        return  # for another platform or Python
    seen[key] = found
    for requirement in found.requires or ():
        name = re.match(r"[A-Za-z0-9._-]+", requirement)
        if name is not None and "extra ==" not in requirement:
            needed(name.group(), seen)


def size(distribution):
    """Bytes of the files that it installed."""
    total = 0
    for file in distribution.files or ():
        path = file.locate()
        if path.is_file():
            total += path.stat().st_size
    return total


def main():
    seen = {}
    needed(sys.argv[1], seen)
    print(json.dumps({"bytes": sum(size(each) for each in seen.values()), "distributions": len(seen)}))


if __name__ == "__main__":
    main()
