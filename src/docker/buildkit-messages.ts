/** What BuildKit tells of a step of a build. */
export interface Vertex {
  readonly digest: string;
  /** `[2/3] RUN make`. */
  readonly name: string;
  readonly cached: boolean;
  readonly started: boolean;
  readonly completed: boolean;
  /** Empty when there is none. */
  readonly error: string;
}

/** Output of a step. */
export interface VertexLog {
  /** Digest of the step. */
  readonly vertex: string;
  readonly bytes: Uint8Array;
}

/** One message of a build's progress. */
export interface BuildKitStatus {
  readonly vertexes: readonly Vertex[];
  readonly logs: readonly VertexLog[];
}

/** Those fields of BuildKit's messages that we read (api/services/control/control.proto, session/auth/auth.proto). */
const PROTOCOL = `
  syntax = "proto3";
  message Timestamp { int64 seconds = 1; int32 nanos = 2; }
  message Vertex {
    string digest = 1; string name = 3; bool cached = 4; Timestamp started = 5; Timestamp completed = 6; string error = 7;
  }
  message VertexLog { string vertex = 1; bytes msg = 4; }
  message StatusResponse { repeated Vertex vertexes = 1; repeated VertexLog logs = 3; }
  message CredentialsRequest { string Host = 1; }
  message CredentialsResponse { string Username = 1; string Secret = 2; }
`;

/** Reads the progress of builds: the base64 text in messages of Docker Engine. */
export async function statusReader(): Promise<(text: string) => BuildKitStatus> {
  const type = await typeOf('StatusResponse');
  return (text) => {
    const message = type.toObject(type.decode(Buffer.from(text, 'base64')), { arrays: true }) as {
      readonly vertexes: readonly Record<string, unknown>[];
      readonly logs: readonly Record<string, unknown>[];
    };
    return {
      vertexes: message.vertexes.map((vertex) => ({
        digest: textOf(vertex.digest),
        name: textOf(vertex.name),
        cached: vertex.cached === true,
        started: vertex.started !== undefined,
        completed: vertex.completed !== undefined,
        error: textOf(vertex.error),
      })),
      logs: message.logs.map(({ vertex, msg }) => ({
        vertex: textOf(vertex),
        bytes: msg instanceof Uint8Array ? msg : new Uint8Array(),
      })),
    };
  };
}

/** The two messages of a question for a login. */
export async function authType() {
  const [request, response] = [await typeOf('CredentialsRequest'), await typeOf('CredentialsResponse')];
  return {
    readRequest(bytes: Buffer): { readonly host: string } {
      return { host: textOf(request.toObject(request.decode(bytes)).Host) };
    },
    writeResponse(login: { readonly Username?: string; readonly Secret?: string }): Buffer {
      return Buffer.from(response.encode(login).finish());
    },
  };
}

async function typeOf(name: string) {
  const { default: protobuf } = await import('protobufjs');
  return protobuf.parse(PROTOCOL, { keepCase: true }).root.lookupType(name);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
