"""Stand-ins for the cloud on one machine: model server, Teams page and launcher; never deployed."""

MODEL_NAME = "SmolLM2-135M-Instruct"
