# The base image for predictors written by hand: the server, and nothing else.
#
#   npm run build && docker build -t kserve-ts .
#
# In the npm package dist/ is there already: docker build -t kserve-ts node_modules/kserve-ts
#
# An image of your own, then:
#
#   FROM kserve-ts
#   COPY predictor.ts package.json /app/
#   COPY node_modules /app/node_modules
#   COPY model /mnt/models
FROM node:24-bookworm-slim

COPY dist/image/ /opt/kserve-ts/
# Fills the compile cache with this very Node, and takes npm, yarn and corepack out of PATH.
RUN ["node", "/opt/kserve-ts/lib/prepare-image.js", "--remove-package-managers"]

ENV NODE_ENV="production" \
    KSERVE_TS_HOST="0.0.0.0" \
    NODE_COMPILE_CACHE="/opt/kserve-ts/cache" \
    NODE_COMPILE_CACHE_PORTABLE="1"
ARG VERSION="0.1.0"
LABEL org.opencontainers.image.title="kserve-ts" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.base.name="node:24-bookworm-slim" \
    org.opencontainers.image.version="${VERSION}" \
    io.kserve-ts.server-version="${VERSION}"
WORKDIR /app
USER 65532:65532
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30000ms --timeout=5000ms --start-period=60000ms --retries=3 CMD ["node", "/opt/kserve-ts/lib/health.js", "http://127.0.0.1:8080/v2/health/ready"]
ENTRYPOINT ["node", "--enable-source-maps", "/opt/kserve-ts/lib/kserve-ts.js", "serve", "/app"]
CMD []
