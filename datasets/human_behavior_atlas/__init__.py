"""Human Behavior Atlas: one prompt-and-answer form for affective, cognitive, pathology and social tasks.

`vocabulary` is its 25 classes, `samples` a row, `manifest` files of rows, `descriptors` what lies beside them, `export`
a feature store in that form. Scores are in `bitflow.models.evaluation.human_behavior_atlas`.
"""
