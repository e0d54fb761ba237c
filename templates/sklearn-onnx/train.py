"""Trains the model that the predictor serves: pip install scikit-learn skl2onnx, then python train.py."""

from pathlib import Path

import numpy
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

measures, species = load_iris(return_X_y=True)
train, test, train_species, test_species = train_test_split(measures, species, random_state=0)

pipeline = make_pipeline(StandardScaler(), LogisticRegression())
pipeline.fit(train, train_species)
print(f"accuracy: {pipeline.score(test, test_species):.3f}")

# zipmap would make the probabilities a list of maps, which is no tensor.
model = to_onnx(pipeline, test[:1].astype(numpy.float32), options={"zipmap": False}, target_opset=17)
Path("model").mkdir(exist_ok=True)
Path("model/model.onnx").write_bytes(model.SerializeToString())
