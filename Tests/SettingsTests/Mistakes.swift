/// Settings with one mistake each, and the line that an operator reads.
enum Mistakes {
    static let all: [(yaml: String, expected: String)] =
        [syntax, keys, numbers, units, endpoints, texts, windows, rules].flatMap { $0 }

    static let syntax: [(yaml: String, expected: String)] = [
        (
            "ingest: [",
            "livecka.yaml:2: this is not YAML: did not find expected node content; look for a bracket, quote or indentation here or just before"
        ),
        (
            "http:\n\tport: 1",
            "livecka.yaml:2: this is not YAML: found character that cannot start any token; look for a bracket, quote or indentation here or just before"
        ),
        (
            "a: *b",
            "livecka.yaml:1: this is not YAML that can be used: found undefined alias; write one document, and anchors before their aliases"
        ),
        (
            "http: {}\n---\nhttp: {}",
            "livecka.yaml:2: this is not YAML that can be used: but found another document; write one document, and anchors before their aliases"
        ),
        (
            "http: {}\nstale_after: \u{7}",
            "livecka.yaml:2: this is not text: control characters are not allowed; save the file as UTF-8 without control characters"
        ),
        ("http:\n  port: 1\n  host: a\n  port: 2", "livecka.yaml:2: port is given more than once; keep one"),
        (
            "- a",
            "livecka.yaml:1: a list stands here; write the keys ingest, publish, control, http, state, windows, engine, limits, stale_after, alerts and security"
        ),
        (
            "hello",
            "livecka.yaml:1: a single value stands here; write the keys ingest, publish, control, http, state, windows, engine, limits, stale_after, alerts and security"
        ),
    ]

    static let keys: [(yaml: String, expected: String)] = [
        ("publish:\n  intervall: 1s", "livecka.yaml:2: publish.intervall: unknown key; did you mean interval?"),
        ("publish: {inetrval: 1s}", "livecka.yaml:1: publish.inetrval: unknown key; did you mean interval?"),
        ("http: {tls: true}", "livecka.yaml:1: http.tls: unknown key; the keys here are host and port"),
        ("engine: {gpu: 0}", "livecka.yaml:1: engine.gpu: unknown key; the keys here are threads and first_component"),
        (
            "engine: {first_component: always}",
            "livecka.yaml:1: engine.first_component: \"always\" is not known; write probe, all or off"
        ),
        ("window: []", "livecka.yaml:1: window: unknown key; did you mean windows?"),
        ("Publish: {}", "livecka.yaml:1: Publish: unknown key; did you mean publish?"),
        (
            "? [a]\n: b",
            "livecka.yaml:1: a list: unknown key; the keys here are ingest, publish, control, http, state, windows, engine, limits, stale_after, alerts and security"
        ),
        ("publish: [1s]", "livecka.yaml:1: publish: a list stands here; write the keys bind and interval"),
        ("publish: 1s", "livecka.yaml:1: publish: a single value stands here; write the keys bind and interval"),
    ]

    static let numbers: [(yaml: String, expected: String)] = [
        ("http: {port: 70000}", "livecka.yaml:1: http.port: 70000 is too large; write a whole number from 0 to 65535"),
        ("http: {port: -1}", "livecka.yaml:1: http.port: -1 is too small; write a whole number from 0 to 65535"),
        (
            "http: {port: web}",
            "livecka.yaml:1: http.port: \"web\" is not a whole number; write a whole number from 0 to 65535"
        ),
        (
            "http: {port: 80.5}",
            "livecka.yaml:1: http.port: 80.5 is not a whole number; write a whole number from 0 to 65535"
        ),
        (
            "http: {port: \"80\"}",
            "livecka.yaml:1: http.port: \"80\" is a string; write a whole number from 0 to 65535, without quotes"
        ),
        ("http: {port: [80]}", "livecka.yaml:1: http.port: a list stands here; write a whole number from 0 to 65535"),
        (
            "http:\n  port:\n  host: a",
            "livecka.yaml:2: http.port: nothing is given; write a whole number from 0 to 65535"
        ),
        (
            "engine: {threads: 1025}",
            "livecka.yaml:1: engine.threads: 1025 is too large; write a whole number from 0 to 1024"
        ),
        ("limits: {layers: 0}", "livecka.yaml:1: limits.layers: 0 is too small; write a whole number from 1"),
        ("limits: {examples: 3}", "livecka.yaml:1: limits.examples: 3 is too small; write a whole number from 4"),
        (
            "limits: {runs: 99999999999999999999}",
            "livecka.yaml:1: limits.runs: 99999999999999999999 is not a whole number; write a whole number from 1"
        ),
        (
            "alerts: {coverage: {missing: 1.5}}",
            "livecka.yaml:1: alerts.coverage.missing: 1.5 is too large; write a number from 0 to 1"
        ),
        (
            "alerts: {coverage: {missing: -.1}}",
            "livecka.yaml:1: alerts.coverage.missing: -.1 is too small; write a number from 0 to 1"
        ),
        (
            "alerts: {coverage: {missing: nan}}",
            "livecka.yaml:1: alerts.coverage.missing: \"nan\" is not a number; write a number from 0 to 1"
        ),
    ]

    static let units: [(yaml: String, expected: String)] = [
        (
            "publish: {interval: 1}",
            "livecka.yaml:1: publish.interval: 1 has no unit; write a whole number and its unit, such as 250ms, 1s, 5m, 2h or 30d"
        ),
        (
            "publish: {interval: 1.5s}",
            "livecka.yaml:1: publish.interval: 1.5s is not a whole number with a unit; write a whole number and its unit, such as 250ms, 1s, 5m, 2h or 30d"
        ),
        (
            "publish: {interval: soon}",
            "livecka.yaml:1: publish.interval: \"soon\" is not a whole number with a unit; write a whole number and its unit, such as 250ms, 1s, 5m, 2h or 30d"
        ),
        (
            "publish: {interval: -1s}",
            "livecka.yaml:1: publish.interval: -1s is not a whole number with a unit; write a whole number and its unit, such as 250ms, 1s, 5m, 2h or 30d"
        ),
        (
            "publish: {interval: 1w}",
            "livecka.yaml:1: publish.interval: the unit \"w\" is not known; use one of ns, us, ms, s, m, h, d"
        ),
        ("publish: {interval: 9ms}", "livecka.yaml:1: publish.interval: 9ms is too short; use 10ms or more"),
        ("stale_after: 36501d", "livecka.yaml:1: stale_after: 36501d is too long; use 36500d or less"),
        (
            "stale_after: 9223372036854775807d",
            "livecka.yaml:1: stale_after: 9223372036854775807d is too long; use 36500d or less"
        ),
        ("state: {history: 1s}", "livecka.yaml:1: state.history: 1s is too short; use 1m or more"),
        (
            "limits: {memory: 2}",
            "livecka.yaml:1: limits.memory: 2 has no unit; write a whole number and its unit, such as 4096B, 512MiB, 2GiB or 1GB"
        ),
        (
            "limits: {memory: 2gib}",
            "livecka.yaml:1: limits.memory: the unit \"gib\" is not known; use one of B, kB, KiB, MB, MiB, GB, GiB, TB, TiB"
        ),
        ("limits: {memory: 0B}", "livecka.yaml:1: limits.memory: 0B is too small; use 1B or more"),
        (
            "limits: {memory: 8388608TiB}",
            "livecka.yaml:1: limits.memory: 8388608TiB is too large; use less than 8388608TiB"
        ),
        (
            "limits: {memory: 99999999999999999999B}",
            "livecka.yaml:1: limits.memory: 99999999999999999999B is too large; write a whole number and its unit, such as 4096B, 512MiB, 2GiB or 1GB"
        ),
    ]

    static let endpoints: [(yaml: String, expected: String)] = [
        ("ingest: {bind: tcp://a:1}", "livecka.yaml:1: ingest.bind: \"tcp://a:1\" is not a list; write [tcp://a:1]"),
        ("ingest: {bind: {a: b}}", "livecka.yaml:1: ingest.bind: a mapping stands here; write a list"),
        (
            "ingest:\n  connect:\n  bind: []",
            "livecka.yaml:2: ingest.connect: nothing is given; write a list, [] for an empty one"
        ),
        (
            "ingest:\n  bind:\n    - tcp://a:1\n    - 127.0.0.1:2",
            "livecka.yaml:4: ingest.bind[1]: \"127.0.0.1:2\" names no transport; write tcp://HOST:PORT or ipc:///PATH"
        ),
        (
            "ingest:\n  bind: [tcp://a:1, tcp://a:1]",
            "livecka.yaml:2: ingest.bind[1]: \"tcp://a:1\" is given at ingest.bind[0] already; leave it out"
        ),
        (
            "ingest: {bind: [inproc://a]}",
            "livecka.yaml:1: ingest.bind[0]: inproc stays within one process; use tcp://HOST:PORT or ipc:///PATH"
        ),
        (
            "ingest: {bind: [udp://a:1]}",
            "livecka.yaml:1: ingest.bind[0]: the transport \"udp\" is not supported; use tcp://HOST:PORT or ipc:///PATH"
        ),
        (
            "ingest: {bind: [\"tcp://[::1]\"]}",
            "livecka.yaml:1: ingest.bind[0]: \"tcp://[::1]\" has no port; write tcp://HOST:PORT or ipc:///PATH"
        ),
        (
            "ingest: {bind: [\"tcp://::1:5571\"]}",
            "livecka.yaml:1: ingest.bind[0]: \"::1\" is not a host; write tcp://HOST:PORT or ipc:///PATH"
        ),
        (
            "ingest: {bind: [tcp://a b:1]}",
            "livecka.yaml:1: ingest.bind[0]: \"a b\" is not a host; write tcp://HOST:PORT or ipc:///PATH"
        ),
        (
            "ingest: {bind: [tcp://a:65536]}",
            "livecka.yaml:1: ingest.bind[0]: \"65536\" is not a port; use 1 to 65535, or * for any free one"
        ),
        (
            "ingest: {bind: [tcp://a:+1]}",
            "livecka.yaml:1: ingest.bind[0]: \"+1\" is not a port; use 1 to 65535, or * for any free one"
        ),
        ("ingest: {connect: [tcp://a:0]}", "livecka.yaml:1: ingest.connect[0]: \"0\" is not a port; use 1 to 65535"),
        (
            "ingest: {connect: [\"tcp://a:*\"]}",
            "livecka.yaml:1: ingest.connect[0]: \"*\" is not a port; use 1 to 65535"
        ),
        (
            "ingest: {connect: [\"tcp://*:1\"]}",
            "livecka.yaml:1: ingest.connect[0]: \"*\" is no host to connect to; name the emitter's host"
        ),
        (
            "publish: {bind: ipc://}",
            "livecka.yaml:1: publish.bind: \"ipc://\" has no path; write tcp://HOST:PORT or ipc:///PATH"
        ),
        (
            "publish: {bind: ipc://a/b}",
            "livecka.yaml:1: publish.bind: \"a/b\" is not an absolute path; write tcp://HOST:PORT or ipc:///PATH"
        ),
        (
            "publish: {bind: ipc:///\(String(repeating: "x", count: 107))}",
            "livecka.yaml:1: publish.bind: the path has 108 bytes, and a socket's has room for 107; choose a shorter one"
        ),
        (
            "control: {bind: tcp://127.0.0.1:5573}",
            "livecka.yaml:1: control.bind: control over tcp is refused until it can be authenticated; use ipc:///PATH"
        ),
        (
            "control: {bind: \"ipc://@control\"}",
            "livecka.yaml:1: control.bind: an abstract socket has no permissions that keep others out; use ipc:///PATH"
        ),
        (
            "control: {bind: inproc://a}",
            "livecka.yaml:1: control.bind: inproc stays within one process; use ipc:///PATH"
        ),
        (
            "publish: {bind: tcp://127.0.0.1:5571}",
            "livecka.yaml:1: publish.bind: \"tcp://127.0.0.1:5571\" is bound by ingest.bind[0] already; choose another endpoint"
        ),
        (
            "ingest: {bind: [tcp://127.0.0.1:5572]}",
            "livecka.yaml:1: publish.bind: \"tcp://127.0.0.1:5572\" is bound by ingest.bind[0] already; choose another endpoint"
        ),
        (
            "publish: {bind: ipc:///a}\ncontrol: {bind: ipc:///a}",
            "livecka.yaml:2: control.bind: \"ipc:///a\" is bound by publish.bind already; choose another endpoint"
        ),
    ]

    static let texts: [(yaml: String, expected: String)] = [
        (
            "http: {host: \"*\"}",
            "livecka.yaml:1: http.host: \"*\" is not a host; write an address or host name, such as 127.0.0.1"
        ),
        (
            "state: {directory: state}",
            "livecka.yaml:1: state.directory: \"state\" is not an absolute path; write a path that begins with /"
        ),
        (
            "state: {directory: ~/state}",
            "livecka.yaml:1: state.directory: \"~/state\" is not an absolute path; write a path that begins with /"
        ),
        (
            "alerts: {alertmanager: {url: localhost:9093}}",
            "livecka.yaml:1: alerts.alertmanager.url: \"localhost:9093\" is not an http:// or https:// URL; write a URL such as http://127.0.0.1:9093"
        ),
        (
            "alerts: {block_structure: {groups: ['(']}}",
            "livecka.yaml:1: alerts.block_structure.groups[0]: \"(\" is not a regular expression; write a regular expression, in quotes where it has special characters"
        ),
        (
            "alerts: {block_structure: {groups: ['']}}",
            "livecka.yaml:1: alerts.block_structure.groups[0]: the expression is empty; write a regular expression, in quotes where it has special characters"
        ),
        (
            "security: {curve: {secret_key: /k, allow: [short]}}",
            "livecka.yaml:1: security.curve.allow[0]: \"short\" is not a key in Z85; write a public key: the 40 characters that livecka keygen prints, in quotes"
        ),
        (
            "security: {curve: {secret_key: /k}}",
            "livecka.yaml:1: security.curve.secret_key: nobody could connect; give security.curve.allow, the public keys of those who may"
        ),
        (
            "security: {curve: {allow: [\(String(repeating: "x", count: 40))]}}",
            "livecka.yaml:1: security.curve.allow: connections are in the clear; give security.curve.secret_key, the path of the daemon's own key"
        ),
    ]

    static let windows: [(yaml: String, expected: String)] = [
        (
            "windows:\n  - {name: pass, kind: pass}\n  - {name: recent, kind: sliding,\n     batches: 60}",
            "livecka.yaml:4: windows[1].batches: 60 is not a multiple of 8; use 56 or 64"
        ),
        (
            "windows: [{name: recent, kind: sliding, batches: 7}]",
            "livecka.yaml:1: windows[0].batches: 7 is not a multiple of 8; use 8"
        ),
        (
            "windows: [{name: recent, kind: sliding, batches: 0}]",
            "livecka.yaml:1: windows[0].batches: 0 is too small; use 8 or more"
        ),
        (
            "windows: [{name: recent, kind: sliding, batches: 9223372036854775807}]",
            "livecka.yaml:1: windows[0].batches: 9223372036854775807 is not a multiple of 8; use 9223372036854775800"
        ),
        (
            "windows: [{name: recent, kind: sliding, batches: few}]",
            "livecka.yaml:1: windows[0].batches: \"few\" is not a whole number; write a multiple of 8, such as 64"
        ),
        (
            "windows: [{name: recent, kind: sliding}]",
            "livecka.yaml:1: windows[0].batches: is missing; write a multiple of 8, such as 64"
        ),
        (
            "windows: [{name: recent, kind: decay}]",
            "livecka.yaml:1: windows[0].half_life: is missing; write a number above 0, such as 256"
        ),
        (
            "windows: [{name: recent, kind: decay, half_life: 0}]",
            "livecka.yaml:1: windows[0].half_life: 0 is too small; write a number above 0, such as 256"
        ),
        (
            "windows: [{name: recent, kind: decay, half_life: 0x10}]",
            "livecka.yaml:1: windows[0].half_life: 0x10 is not a number; write a number above 0, such as 256"
        ),
        (
            "windows: [{name: recent, kind: pass, batches: 64}]",
            "livecka.yaml:1: windows[0].batches: only a sliding window has this; leave it out"
        ),
        (
            "windows: [{name: recent, kind: total, half_life: 64}]",
            "livecka.yaml:1: windows[0].half_life: only a decay window has this; leave it out"
        ),
        (
            "windows: [{name: recent}]",
            "livecka.yaml:1: windows[0].kind: is missing; write pass, sliding, decay or total"
        ),
        (
            "windows: [{kind: pass}]",
            "livecka.yaml:1: windows[0].name: is missing; write a name: letters, digits, '.', '_' and '-', 128 at most, first a letter or digit"
        ),
        (
            "windows: [{name: -a, kind: pass}]",
            "livecka.yaml:1: windows[0].name: \"-a\" is not a name; write a name: letters, digits, '.', '_' and '-', 128 at most, first a letter or digit"
        ),
        (
            "windows: [{name: recent, kind: slidign, batches: 8}]",
            "livecka.yaml:1: windows[0].kind: \"slidign\" is not known; did you mean sliding?"
        ),
        (
            "windows: [{name: recent, kind: moving}]",
            "livecka.yaml:1: windows[0].kind: \"moving\" is not known; write pass, sliding, decay or total"
        ),
        (
            "windows: [{name: recent, kind: pass}, {name: recent, kind: total}]",
            "livecka.yaml:1: windows[1].name: \"recent\" is given at windows[0].name already; choose another name"
        ),
        (
            "windows: [recent]",
            "livecka.yaml:1: windows[0]: a single value stands here; write a mapping with the keys name, kind, batches and half_life"
        ),
        (
            "windows: []",
            "livecka.yaml:1: windows: the list is empty; give at least one, or leave the key out for the defaults"
        ),
        (
            "windows: [{name: recent, kind: pass, size: 8}]",
            "livecka.yaml:1: windows[0].size: unknown key; the keys here are name, kind, batches and half_life"
        ),
    ]

    static let rules: [(yaml: String, expected: String)] = [
        (
            "alerts:\n  block_structure: {window: recnet}",
            "livecka.yaml:2: alerts.block_structure.window: there is no window \"recnet\"; use pass, recent, trend or total"
        ),
        (
            "windows: [{name: pass, kind: pass}]\nalerts: {coverage: {window: pass}}",
            "livecka.yaml:1: alerts.block_structure.window: there is no window \"recent\"; use pass"
        ),
        (
            "alerts: {block_structure: {exit: 0.2}}",
            "livecka.yaml:1: alerts.block_structure.exit: 0.2 is above alerts.block_structure.enter (0.12); use 0.12 or less"
        ),
        (
            "alerts: {block_structure: {dominance_enter: 0.3}}",
            "livecka.yaml:1: alerts.block_structure.dominance_exit: 0.38 is above alerts.block_structure.dominance_enter (0.3); use 0.3 or less"
        ),
        (
            "limits: {message: 4GiB}",
            "livecka.yaml:1: limits.message: 4GiB is above limits.memory (2GiB); use 2GiB or less"
        ),
        (
            "alerts:\n  similarity:\n    - {name: coverage, first: a, second: b, above: 0.5}",
            "livecka.yaml:3: alerts.similarity[0].name: \"coverage\" is the name of a built-in rule; choose another name"
        ),
        (
            "alerts:\n  similarity:\n    - {name: r, first: a, second: b}",
            "livecka.yaml:3: alerts.similarity[0]: neither above nor below is given; write one of them"
        ),
        (
            "alerts:\n  similarity:\n    - {name: r, first: a, second: b, above: 0.5, below: 0.1}",
            "livecka.yaml:3: alerts.similarity[0]: both above and below are given; leave one of them out"
        ),
        (
            "alerts:\n  similarity:\n    - {name: r, first: a, second: b, above: 2}",
            "livecka.yaml:3: alerts.similarity[0].above: 2 is too large; write a number from -1 to 1"
        ),
        (
            "alerts:\n  similarity:\n    - {name: r, first: a, second: b, above: 0, window: old}",
            "livecka.yaml:3: alerts.similarity[0].window: there is no window \"old\"; use pass, recent, trend or total"
        ),
        (
            "alerts:\n  similarity:\n    - {name: r, second: b, above: 0}",
            "livecka.yaml:3: alerts.similarity[0].first: is missing; write a regular expression, in quotes where it has special characters"
        ),
    ]
}
