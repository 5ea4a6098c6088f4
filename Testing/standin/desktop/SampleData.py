"""Slicer's module Sample Data, as far as extensions register their samples in it and users click on them."""

from dataclasses import dataclass

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


class SampleDataLogic:
    @staticmethod
    def registerCustomSampleDataSource(category="Custom", **description):
        sources = slicer.modules.__dict__.setdefault("sampleDataSources", {})
        sources.setdefault(category, []).append(SampleDataSource(**description))
