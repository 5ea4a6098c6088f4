"""A JPEG lossless encoder for one 16-bit component (ITU-T T.81 annex H, predictor 1), to write test files."""

import numpy as np

# One 5-bit code for each of the 17 categories of differences: legal, if not short.
_CODE_BITS = 5
_CATEGORIES = 17


def encode_lossless(values: np.ndarray) -> bytes:
    """Return the JPEG stream of a uint16 picture `(rows, cols)`."""
    rows, cols = values.shape
    frame = (
        b"\xff\xc3" + (11).to_bytes(2) + b"\x10" + rows.to_bytes(2) + cols.to_bytes(2) + b"\x01\x01\x11\x00"
    )
    lengths = bytes(_CATEGORIES if bits == _CODE_BITS else 0 for bits in range(1, 17))
    table = b"\xff\xc4" + (3 + 16 + _CATEGORIES).to_bytes(2) + b"\x00" + lengths + bytes(range(_CATEGORIES))
    scan = b"\xff\xda" + (8).to_bytes(2) + b"\x01\x01\x00" + b"\x01\x00\x00"
    return b"\xff\xd8" + frame + table + scan + _entropy(values.astype(np.int64)) + b"\xff\xd9"


def _entropy(values: np.ndarray) -> bytes:
    predicted = np.empty_like(values)
    predicted[:, 1:] = values[:, :-1]
    predicted[1:, 0] = values[:-1, 0]
    predicted[0, 0] = 1 << 15
    differences = (values - predicted + (1 << 15)) % (1 << 16) - (1 << 15)
    bits = []
    for difference in differences.ravel().tolist():
        category = abs(difference).bit_length()
        bits.append(format(category, f"0{_CODE_BITS}b"))
        if 0 < category < 16:
            bits.append(
                format(difference if difference > 0 else difference + (1 << category) - 1, f"0{category}b")
            )
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8).replace(b"\xff", b"\xff\x00")
