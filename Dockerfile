# The one binary in an image that holds nothing else.
#   docker build --build-arg COMMIT="$(git rev-parse --short=12 HEAD)" -t reconciled:0.1.0 .
#   docker run --read-only --cap-drop=ALL --security-opt=no-new-privileges \
#     -v reconciled-data:/data -v "$PWD/reconciled.toml:/etc/reconciled/reconciled.toml:ro" \
#     -e RECONCILED_API_TOKEN -p 127.0.0.1:8090:8090 reconciled:0.1.0

# The exact version that package.json pins, on Debian 12: its glibc is the oldest the binary has to run on. A tag and no
# digest, so that security fixes of the base come with the next build; what is copied from it is listed in deploy/image.sh.
FROM node:24.21.0-bookworm AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc tsconfig.json LICENSE ./
# With the optional packages: they carry the Node that goes into the binary, and package-lock.json has its checksum.
RUN npm ci --no-audit --no-fund
# The version that `reconciled --version` tells comes from git.
COPY .git .git
COPY build build
COPY deploy/image.sh deploy/image.sh
COPY lib lib
COPY workers workers
RUN npm run build
RUN deploy/image.sh dist/reconciled /image

# Nothing below it: no shell, no package manager, no other program.
FROM scratch
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="reconciled" \
      org.opencontainers.image.description="Leaves no payment in doubt: asks the gateway about every stale order and settles it." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="$COMMIT" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="scratch"
COPY --from=build /image/root /
# A new volume takes its owner from here.
COPY --from=build --chown=65532:65532 /image/owned /
# Every address inside the container, or a published port would lead nowhere; without a token this is refused.
ENV RECONCILED_DATA_DIR=/data \
    RECONCILED_CONFIG=/etc/reconciled/reconciled.toml \
    RECONCILED_LISTEN=0.0.0.0:8090
# A number: `runAsNonRoot` of Kubernetes knows no names. It may write /data only.
USER 65532:65532
VOLUME ["/data"]
EXPOSE 8090
# The daemon stops by itself within nine seconds, and Docker kills after ten.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["/usr/bin/reconciled", "health"]
ENTRYPOINT ["/usr/bin/reconciled"]
CMD ["serve"]
