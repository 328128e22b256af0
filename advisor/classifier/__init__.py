"""The learned stage: what a firm's cash flows were like, told from answers that an owner can give.

What lives here: the inputs and their definition (`inputs.py`), the network and its file (`network.py`, `model.py`), how it is
trained (`book.py`, `training.py`) and judged (`evaluation.py`, `scores.py`, `baselines.py`, `pictures.py`), what it says of
one firm beyond the numbers (`explanation.py`), and the year ahead (`transitions.py`). scikit-learn trains; scoring a firm or
a table needs NumPy alone. How the answer joins statements and rules stands in `domain/stage.py`, not here.
"""
