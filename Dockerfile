# One image for every role: `docker run herald start --role gateway`.
FROM node:24-slim

ENV NODE_ENV=production
WORKDIR /app

# The image's Node is the one that Herald runs on: no install script has anything to do here.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

COPY . .
RUN mkdir .herald && chown node:node .herald
USER node

ENV HOST=0.0.0.0
EXPOSE 4000

HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=6 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT ?? 4000}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "cli/bin.mjs"]
CMD ["start", "--role", "gateway"]
