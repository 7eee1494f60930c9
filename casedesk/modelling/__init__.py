"""A model of how suspicious a transaction is: features, training, calibration, ONNX, the card, and what drifts."""
