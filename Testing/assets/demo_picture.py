"""The picture at the head of the README: `python Testing/assets/demo_picture.py demo-output/torso PICTURE.png`.

Puts the four pictures of a report beside each other.
"""

import sys
from pathlib import Path

from PIL import Image

from SwinX2SLib.report.page import PICTURES

HEIGHT_PX, GAP_PX = 460, 8


def main(result: Path, picture: Path) -> None:
    """Join the pictures of the report in `result` into `picture`."""
    parts = []
    for name in PICTURES.values():
        with Image.open(result / name) as part:
            parts.append(part.convert("RGB").resize((round(part.width * HEIGHT_PX / part.height), HEIGHT_PX)))
    joined = Image.new("RGB", (sum(p.width + GAP_PX for p in parts) - GAP_PX, HEIGHT_PX), "white")
    left = 0
    for part in parts:
        joined.paste(part, (left, 0))
        left += part.width + GAP_PX
    # Under 300 kB: 256 colours are enough for gray pictures with coloured lines.
    joined.quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(picture, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
