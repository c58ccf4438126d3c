"""How MediaPipe's landmark graphs are fed and read: detectors, crops, point numbering, reference geometry."""
