"""What the language cannot say, and why not."""

from __future__ import annotations

from bitflow.models.asking.phrases import phrases

#: Words by the reason.
IMPOSSIBLE: dict[str, tuple[str, ...]] = {
    "mental": phrases(
        "know, happy, happiness, sad, sadness, anxious, anxiety, afraid, fear, fearful, scared, stress, "
        "stressed, depressed, depression, pain, painful, suffer, bored, boredom, angry, anger, enjoy, love, "
        "hate, want, intend, intention, feel, feeling, think, believe, mood, emotion, emotional, curious, "
        "curiosity, hungry, hunger, thirsty, tired, excited, comfortable, lonely, jealous, friendly, friend, "
        "motivated, motivation, nervous, calm, confused, remember, dream, lie to, lying to, deceive, worried, "
        "worry, upset, joy, joyful, miserable, attracted, attraction, prefer, frightened, terrified, relaxed, "
        "frustrated, =satisfied, cheerful, unhappy, glad, distress, distressed, in a good mood, feelings, "
        "thoughts, thinking, conscious, aware, desire, trust"
    ),
    "cause": phrases(
        "what reason, why, because of what, what cause, reason for, reason why, how come, cause of, due to what, "
        "what make, responsible for, explain why"
    ),
    "prediction": phrases(
        "predict, forecast, when will, will (mouse|animal|it|they|he|she), next time, tomorrow, "
        "will happen next, going to happen, what will, future, likely to"
    ),
    "embedding": phrases(
        "cebra, embedding, umap, tsne, t sne, pca, latent space, latent, cluster, clustering, "
        "dimensionality reduction, manifold, neural network, autoencoder, hidden markov, unsupervised, "
        "principal component, 3d embedding, low dimensional"
    ),
    "diagnosis": phrases(
        "diagnose, diagnosis, disease, sick, ill, illness, healthy, autism, autistic, disorder, symptom, "
        "injured, injury, pregnant, =drunk, drugged"
    ),
    "identity": phrases(
        "male or female, sex of, gender, genotype, strain, how old, age of, mutant, wild type, wildtype, "
        "what species, dominant, dominance, alpha male, pedigree, breed"
    ),
    "elsewhen": phrases(
        "yesterday, last (week|month|year|time we), (week|month|year|day) ago, before the recording, "
        "before the (video|experiment|session) (start|begin), after the recording (end|stop|)"
    ),
    "statistics": phrases("p value, significant, significance, correlate, correlation, regression, anova, t test"),
}

#: By the reason: what is said, and what can be asked instead.
REASONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "mental": (
        "a mental state cannot be seen in poses or tables",
        ("what can be measured: freezing, moving, thigmotaxis, approach, withdraw", "for example: total_time freezing"),
    ),
    "cause": (
        "a cause cannot be read from what was seen; only what happened, when, and what came before",
        ("for example: list approach then withdraw within 2s",),
    ),
    "prediction": ("what has not happened is not in the recording", ("for example: rate(min) chase",)),
    "embedding": (
        "embeddings and clusters are no programs of the event language",
        ("`bitflow segment STORE` finds segments without labels; segment(label) then uses them",),
    ),
    "diagnosis": ("a diagnosis is no measurement", ("what can be measured: speed, freezing, straightness",)),
    "identity": ("what an animal is cannot be told from where it moves", ("`describe animals` names them",)),
    "elsewhen": ("what was not recorded cannot be told", ("for example: count chase in 0s..60s",)),
    "statistics": (
        "tests and correlations between recordings are not part of a program about one recording",
        ("for example: value speed mean",),
    ),
    "labels": (
        "this behaviour is not safe to tell by a rule; it needs labels",
        (
            "`bitflow predict MODEL STORE` or annotations give labels; segment(label, table=…) then uses them",
            "chase, contact and nose_to_body are defined",
        ),
    ),
}
