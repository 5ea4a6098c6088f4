"""Slicer's module Sample Data, as far as extensions register their samples in it and users click on them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import slicer


@dataclass
class SampleDataSource:
    sampleName: str
    uris: list
    fileNames: list
    nodeNames: list
    checksums: list
    thumbnailFileName: str
    customDownloader: object

    def __post_init__(self):
        lengths = {len(each) for each in (self.uris, self.fileNames, self.nodeNames, self.checksums)}
        if len(lengths) != 1:
            raise ValueError("All fields of sample data source must have the same length")

    def downloaded(self) -> list[Path]:
        """The files that Slicer would fetch, after comparing them with their checksums."""
        paths = [Path(url2pathname(urlsplit(uri).path)) for uri in self.uris]
        for path, checksum in zip(paths, self.checksums, strict=True):
            algorithm, _, digest = checksum.partition(":")
            if hashlib.new(algorithm.lower(), path.read_bytes()).hexdigest() != digest:
                raise ValueError(f"Checksum verification failed for {path}")
        return paths

    def click(self):
        """What the button of the module does."""
        self.customDownloader(self)


class SampleDataLogic:
    @staticmethod
    def registerCustomSampleDataSource(category="Custom", **description):
        sources = slicer.modules.__dict__.setdefault("sampleDataSources", {})
        sources.setdefault(category, []).append(SampleDataSource(**description))
