# The sidecar with its policy built in: `docker build -t postern .`, and again for each change of `config/` or
# `policies/`. The image needs neither OPA nor Go at run time and writes nothing, so it runs with a read-only root:
#
#   docker run --rm --read-only --cap-drop ALL --network host postern
#
# It listens on loopback, for callers that share its network as the containers of a pod do.
ARG GO_VERSION=1.26
ARG NODE_VERSION=20

# The policy compiler, exactly as src/opa/toolchain/go.sum lists it.
FROM golang:${GO_VERSION}-bookworm AS opa
WORKDIR /toolchain
COPY src/opa/toolchain/ ./
RUN CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -trimpath -buildvcs=false -o /opa github.com/open-policy-agent/opa

# The program and the policy bundle. A policy that does not build stops the image here.
FROM node:${NODE_VERSION}-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY src/ src/
RUN npm run compile
COPY config/ config/
COPY policies/ policies/
COPY --from=opa /opa /usr/local/bin/opa
RUN node dist/src/main.js build && npm prune --omit=dev --no-audit --no-fund

FROM node:${NODE_VERSION}-slim
ENV NODE_ENV=production
WORKDIR /app
COPY LICENSE package.json ./
COPY --from=build /app/node_modules/ node_modules/
COPY --from=build /app/dist/src/ dist/src/
COPY --from=build /app/.postern/bundle/ .postern/bundle/
# `serve` compares these with the bundle and refuses to answer from one that is out of date.
COPY src/opa/capabilities.json src/opa/
COPY src/gateway/proto/ src/gateway/proto/
COPY config/ config/
COPY policies/ policies/
USER node
EXPOSE 8181
HEALTHCHECK --interval=10s --timeout=2s --start-period=5s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8181/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/src/main.js", "serve"]
