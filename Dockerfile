# The supervisor and git, nothing else: an image for your project adds its own tools and its agent on top.
FROM node:24-slim

RUN apt-get update \
 && apt-get install -y --no-install-recommends bubblewrap ca-certificates git tini \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/ralphwright
COPY package.json package-lock.json ./
RUN npm ci --omit=dev && npm cache clean --force
COPY src ./src

# Outside of the sandbox, too, it is not root and owns nothing but its home. docs/sandbox.md has the flags that the
# sandbox needs inside a container.
USER node
ENV RALPH_STATE_DIR=/home/node/state
RUN mkdir -p /home/node/state
WORKDIR /repo

# The sources run as they are. tini passes signals on and reaps what agents leave behind.
ENTRYPOINT ["tini", "--", "node", "/opt/ralphwright/src/cli/main.ts"]
CMD ["run"]
