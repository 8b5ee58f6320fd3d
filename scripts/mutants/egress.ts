/** Mutants of what keeps sandboxes from reaching whom they should not, and keys from reaching sandboxes. */
import type { Mutant } from "./mutant.ts";

const hosts = "src/formats/egress-host.ts";
const hostsTest = "test/formats/egress-host.test.ts";
const proxyTest = "test/adapters/egress/proxy.test.ts";
const gateway = "src/adapters/egress/gateway.ts";
const gatewayTest = "test/adapters/egress/gateway.test.ts";

export const egressMutants: readonly Mutant[] = [
  {
    name: "private-addresses-reached",
    removes: "A name on the list of hosts may lead to this machine, its network, or a cloud's own addresses.",
    edits: [
      {
        file: "src/adapters/egress/dial.ts",
        find: "isPublicAddress(address)",
        replace: "isPublicAddress(address) || true",
      },
    ],
    killedBy: {
      file: proxyTest,
      title: "is refused when a name on the list leads to a private address, which is asked for once only",
    },
  },
  {
    name: "other-address-connected",
    removes:
      "The address that is connected to is looked up once more, and may be another than the one that was judged.",
    edits: [
      {
        file: "src/adapters/egress/dial.ts",
        find: "lookup: (_, __, answer) => answer(null, addresses)",
        replace: "lookup: (_, __, answer) => void resolve(host).then((found) => answer(null, [...found]))",
      },
    ],
    killedBy: { file: proxyTest, title: "is not reached where its address comes only with a second answer" },
  },
  {
    name: "hosts-by-their-end",
    removes: "A host is allowed when its name ends like one on the list.",
    edits: [{ file: hosts, find: ": host === rule.host)", replace: ": host.endsWith(rule.host))" }],
    killedBy: { file: hostsTest, title: "registry.npmjs.org does not allow evil-registry.npmjs.org:443" },
  },
  {
    name: "addresses-in-other-spellings",
    removes: "A number in the place of a name passes as a name.",
    edits: [{ file: hosts, find: " && !numberAtEnd.test(name)", replace: "" }],
    killedBy: { file: hostsTest, title: "is not understood: " },
  },
  {
    name: "other-host-in-the-header",
    removes: "A plain request may name one host in its line and another in its header.",
    edits: [
      {
        file: "src/adapters/egress/proxy.ts",
        find: "namesOneHost(headers.host, target) ? target : null",
        replace: "target",
      },
    ],
    killedBy: { file: proxyTest, title: "is not asked where the header denies the host of the line" },
  },
  {
    name: "request-in-a-body",
    removes:
      "The body of a request goes on without its frame, and the next machine reads it as another request.",
    edits: [
      {
        file: "src/adapters/egress/pass-on.ts",
        find: `headers["transfer-encoding"] === undefined ? {}`,
        replace: `headers["transfer-encoding"] !== "" ? {}`,
      },
    ],
    killedBy: {
      file: gatewayTest,
      title: "carries no second request with the key in the body of the first",
    },
  },
  {
    name: "key-from-inside",
    removes: "A key that a program inside sends goes on beside the true one.",
    edits: [
      {
        file: gateway,
        find: "key === null ? requestHeaders(request, []) : modelHeaders(request)",
        replace: "requestHeaders(request, [])",
      },
    ],
    killedBy: {
      file: gatewayTest,
      title: "is added outside as bearer, and nothing from inside takes its place",
    },
  },
  {
    name: "all-paths-of-the-api",
    removes: "The gateway adds the key to requests for anything that the model's server offers.",
    edits: [
      {
        file: gateway,
        find: "!allowed.some((pattern) => pattern.test(line))",
        replace: "allowed.length === 0",
      },
    ],
    killedBy: { file: gatewayTest, title: "is closed for " },
  },
  {
    name: "key-in-the-sandbox",
    removes: "The built-in agent gets the key although the gateway adds it outside.",
    edits: [
      {
        file: "src/adapters/agent/agents.ts",
        find: "const keys = gateway === null ? needed : [];",
        replace: "const keys = needed;",
      },
    ],
    killedBy: {
      file: "test/adapters/egress/builtin-contained.test.ts",
      title: "works, and the key is nowhere inside but at the model's server",
    },
  },
  {
    name: "spending-behind-its-back",
    removes: "What a command in the sandbox asks the model is paid for and counted nowhere.",
    edits: [
      {
        file: "src/adapters/agent/agent-protocol.ts",
        find: "    spending.count(priceOfSpent(spent, program));\n",
        replace: "",
      },
    ],
    killedBy: {
      file: "test/supervisor/builtin.test.ts",
      title: "pays for what its commands ask the model behind its back, and is ended when that is too much",
    },
  },
  {
    name: "cut-off-is-free",
    removes: "What is cut off before its answer begins has cost nothing.",
    edits: [
      {
        file: "src/adapters/egress/exchange.ts",
        find: "heard === null ? worstOf(asked, outputSince(asked, sinceMs)) : heard.total(true)",
        replace: "heard === null ? null : heard.total(true)",
      },
    ],
    killedBy: {
      file: "test/adapters/egress/meter.test.ts",
      title: "counts for somebody who is cut off, or hangs up, before there is an answer",
    },
  },
  {
    name: "asking-on-after-the-claim",
    removes: "What a command still asks when the agent claims is counted when nobody books it any more.",
    edits: [
      {
        file: "src/adapters/process/process-group.ts",
        find: "          enclosed?.hold();\n",
        replace: "",
      },
    ],
    killedBy: {
      file: "test/supervisor/builtin.test.ts",
      title: "pays for what a command still asks when it claims",
    },
  },
  {
    name: "asking-on-after-the-end",
    removes: "What deaf commands ask after their agent's work was accepted is paid for and told to nobody.",
    edits: [
      {
        file: "src/adapters/process/process-group.ts",
        find: 'if (what === "work") enclosed?.resume();',
        replace: "enclosed?.resume();",
      },
    ],
    killedBy: {
      file: "test/adapters/sandbox/contained-group.test.ts",
      title: "asks nothing of a model while it is frozen, is only to close, or is ended",
    },
  },
  {
    name: "held-and-not-held-back",
    removes: "What had begun to come in when a program was stopped goes out all the same.",
    edits: [
      {
        file: "src/adapters/egress/counter.ts",
        find: "    if (isHeld) return refuseAsModel(response, 503, held);\n",
        replace: "",
      },
    ],
    killedBy: {
      file: "test/adapters/egress/meter.test.ts",
      title: "lets nothing out while it is held, also what had begun to come in, and hangs up on who waits",
    },
  },
  {
    name: "a-million-values",
    removes: "A request of a megabyte that costs nothing stops the supervisor, or its clocks.",
    edits: [
      {
        file: "src/formats/model-request.ts",
        find: "if (!isWithinExtent(body, extentMax))",
        replace: "if (body.length < 0)",
      },
    ],
    killedBy: {
      file: "test/adapters/egress/meter.test.ts",
      title: "not values without end, and nine of them take nobody's place",
    },
  },
  {
    name: "any-header-with-the-key",
    removes: "A command chooses by a header where a server on the way sends the key.",
    edits: [
      {
        file: "src/adapters/egress/pass-on.ts",
        find: "passed.filter(([name]) => modelNames.test(name))",
        replace: "passed.filter(([name]) => name.length > 0)",
      },
    ],
    killedBy: {
      file: "test/adapters/egress/gateway.test.ts",
      title: "takes no header along by which a server on the way chooses where to go, or who pays",
    },
  },
  {
    name: "torn-down-is-free",
    removes: "An answer whose connection is torn down has cost nothing.",
    edits: [
      {
        file: "src/adapters/egress/exchange.ts",
        find: "    answerFailure(response, error);\n    end(heard?.total(false) ?? null);\n",
        replace: "    answerFailure(response, error);\n    end(null);\n",
      },
    ],
    killedBy: {
      file: "test/adapters/egress/meter.test.ts",
      title: "counts an answer whose connection is torn down as far as it came",
    },
  },
  {
    name: "any-model-for-the-key",
    removes: "A command may ask a dearer model than the one that is configured.",
    edits: [
      {
        file: "src/formats/model-request.ts",
        find: "if (request.model !== model)",
        replace: 'if (request.model === "")',
      },
    ],
    killedBy: {
      file: "test/adapters/egress/meter.test.ts",
      title: "not another model",
    },
  },
  {
    name: "any-number-at-once",
    removes: "A limit can be passed by as many answers as are under way.",
    edits: [
      {
        file: "src/adapters/egress/counter.ts",
        find: "if (underWay >= atOnceMax)",
        replace: "if (underWay < 0)",
      },
    ],
    killedBy: {
      file: "test/adapters/egress/meter.test.ts",
      title: "lets eight ask at once, so that no limit is passed by more than that",
    },
  },
  {
    name: "one-way-for-all-agents",
    removes: "The second agent asks the model of the first, with its key.",
    edits: [
      {
        file: "src/adapters/egress/egress.ts",
        find: 'who === "gates" ? noWay : modelWay(who, environment)',
        replace: 'who === "gates" ? noWay : modelWay(agents[0] ?? who, environment)',
      },
    ],
    killedBy: {
      file: "test/adapters/egress/egress.test.ts",
      title: "gives each agent the way to its own model, whichever it was opened with",
    },
  },
];
