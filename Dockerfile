# Build: all dependencies, Prisma client, TypeScript.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build

# Run-time dependencies only: 100 MB instead of 460. Optional ones are the embedded PostgreSQL (containers bring a real
# one) and Prisma's command line; of Prisma's query compilers, one database's is enough.
FROM node:20-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund \
  && find node_modules/@prisma/client/runtime -name 'query_compiler_*' ! -name '*.postgresql.*' -delete

FROM node:20-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8283
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY prisma/schema.prisma prisma/schema.prisma
COPY prisma/migrations prisma/migrations
COPY libs/connectors/manifests libs/connectors/manifests
USER node
EXPOSE 8283
ENTRYPOINT ["node", "dist/bin/rollcall.js"]
CMD ["start"]
