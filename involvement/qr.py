"""A square code that a phone's camera reads, as the path of a drawing."""


def qr_path(text: str) -> tuple[int, str]:
    """Return how many dots wide the code of ``text`` is, its quiet border among them, and its dark dots as SVG path."""
    import qrcode  # here, since it brings a library of pictures that most processes never need

    code = qrcode.QRCode(border=4)
    code.add_data(text)
    rows = code.get_matrix()
    return len(rows), "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
