"""`slicer.packaging`: nothing is ever installed by a test."""


def pip_ensure(requirements, requester="", **_options) -> None:
    raise RuntimeError(f"{requester} would install {[str(each) for each in requirements]}")
