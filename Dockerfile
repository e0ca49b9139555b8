# docker build -t stallscope . && docker run --rm stallscope
# runs the main job, the whole 48-layer, 1024-token Mamba-3; `docker run --rm stallscope explain mamba2` anything else.
FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /stallscope
COPY . .
RUN python3 -m venv .venv && .venv/bin/pip install -q -e .
ENTRYPOINT [".venv/bin/python", "-m", "sim"]
CMD ["run", "workloads/mamba3_mimo.yaml"]
