# The daemon from source on the pinned Node: what a checkout runs, in an image.
FROM node:24.21.0-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The optional packages carry Node itself for machines whose own is older; this image has it.
RUN npm ci --omit=dev --omit=optional

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production RECONCILED_DATA_DIR=/data
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json LICENSE ./
COPY lib lib
COPY workers workers
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8090
STOPSIGNAL SIGTERM
# Mount the configuration, e.g. -v ./reconciled.toml:/etc/reconciled.toml:ro
ENTRYPOINT ["node", "lib/main.ts"]
CMD ["serve", "--config", "/etc/reconciled.toml"]
