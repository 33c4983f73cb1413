# One image, every role: `daybook ROLE` is the command (docker-compose.yml).
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
ENV SQLX_OFFLINE=true
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin daybook && cp target/release/daybook /usr/local/bin/daybook

FROM debian:bookworm-slim
# curl is for the health checks
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/daybook --create-home daybook
COPY --from=build /usr/local/bin/daybook /usr/local/bin/daybook
USER daybook
WORKDIR /var/lib/daybook
ENV DAYBOOK_HOME=/var/lib/daybook \
    DAYBOOK_LISTEN=0.0.0.0:8080
EXPOSE 8080
ENTRYPOINT ["daybook"]
CMD ["--help"]
