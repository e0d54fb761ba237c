import type { KtsError } from "../../contract/errors.ts";
import type { Manifest, ManifestMetadata, Members } from "../manifests/manifest.ts";
import type { Resource } from "./resources.ts";

/** An object as an API server gives it. */
export interface KubeObject extends Manifest {
  readonly metadata: ManifestMetadata & {
    readonly uid?: string;
    readonly generation?: number;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly Members[];
    readonly finalizers?: readonly string[];
  };
}

/** Which object. */
export interface ObjectName {
  /** Default: the cluster's own namespace, where the resource has any. */
  readonly namespace?: string;
  readonly name: string;
}

/** Which objects of a resource. */
export interface ObjectQuery {
  /** Default: the cluster's own namespace; `*`: every one. */
  readonly namespace?: string;
  /** Such as `serving.kserve.io/inferenceservice=digits`. */
  readonly labels?: string;
  /** Such as `involvedObject.name=digits`. */
  readonly fields?: string;
}

/** What an `apply` did. */
export interface Applied {
  readonly object: KubeObject;
  /** What the server warned of, in its words. */
  readonly warnings: readonly string[];
}

/** How an object is applied. */
export interface ApplyOptions {
  /** Check and default it, and keep nothing. Default false. */
  readonly dryRun?: boolean;
  /** Take fields over from other managers. Default true. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
}

/** A list, and where watching goes on from. */
export interface ObjectList {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
}

/** A change of an object. */
export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KubeObject;
}

/** Which lines of a container's log. */
export interface LogQuery {
  readonly namespace?: string;
  readonly pod: string;
  readonly container: string;
  /** Of the container before the last restart. Default false. */
  readonly previous?: boolean;
  /** So many of the last. Default: all. */
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  /** A time in front of each line. Default false. */
  readonly timestamps?: boolean;
  readonly signal?: AbortSignal;
}

/** A command that runs in a container. */
export interface ExecCall {
  readonly namespace?: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  /**
   * What it reads, to the end: of a command that ends before, clusters do not tell that it ended, and the call would not
   * end. Default: nothing.
   */
  readonly stdin?: AsyncIterable<Uint8Array>;
  /**
   * For a command that may end before its input: a line of this word and its exit code is the last that it writes to
   * stderr, and ends the call. Default: there is none.
   */
  readonly endWord?: string;
  readonly signal?: AbortSignal;
}

/** What such a command left. */
export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A port of a pod that is reached on this machine until it is disposed of. */
export interface ForwardedPort extends AsyncDisposable {
  /** On 127.0.0.1. */
  readonly localPort: number;
}

/** Something one may or may not do. */
export interface Access {
  readonly verb: string;
  readonly resource: Resource;
  /** Such as `log` of pods. */
  readonly subresource?: string;
  readonly namespace?: string;
}

/**
 * A Kubernetes cluster, as one user of one context. Every call ends with a KtsError: KTS_CLUSTER_UNREACHABLE,
 * KTS_CLUSTER_DENIED (not logged in, not allowed), KTS_CLUSTER_REFUSED (the server or a webhook says no, in its words)
 * or KTS_CLUSTER_FAILED. An aborted signal ends it with the signal's reason.
 */
export interface Cluster extends AsyncDisposable {
  /** Name of the context, for messages; `in-cluster` within a pod. */
  readonly context: string;
  /** URL of the API server. */
  readonly server: string;
  /** Where objects lie that no namespace is named for. */
  readonly namespace: string;
  /** Version of Kubernetes: `v1.34.4`. */
  version(signal?: AbortSignal): Promise<string>;
  /** What is no object, by its path (such as `/apis/serving.kserve.io`); undefined where there is none. */
  getPath(path: string, signal?: AbortSignal): Promise<unknown>;
  /** An object; undefined where there is none, be it for want of its kind. */
  get(resource: Resource, name: ObjectName, signal?: AbortSignal): Promise<KubeObject | undefined>;
  /** Objects; none where the server does not know their kind. */
  list(resource: Resource, query?: ObjectQuery, signal?: AbortSignal): Promise<ObjectList>;
  /** Changes since a list; it connects again by itself, and ends without an error when the signal is aborted. */
  watch(
    resource: Resource,
    query: ObjectQuery & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent>;
  /** Server-side apply, as the field manager `kserve-ts`; unknown fields are refused. */
  apply(resource: Resource, manifest: Manifest, options?: ApplyOptions): Promise<Applied>;
  /** Makes an object that must not be there yet. */
  create(resource: Resource, manifest: Manifest, signal?: AbortSignal): Promise<KubeObject>;
  /** Lays members over an object's (JSON merge patch: null takes one away). */
  patch(resource: Resource, name: ObjectName, change: Members, signal?: AbortSignal): Promise<KubeObject>;
  /** Puts an object in the place of one of the same `resourceVersion`. */
  replace(resource: Resource, object: KubeObject, signal?: AbortSignal): Promise<KubeObject>;
  /** Deletes an object and what it owns; false where there was none. */
  delete(resource: Resource, name: ObjectName, signal?: AbortSignal): Promise<boolean>;
  /** A container's lines, as far as they are there. */
  logs(query: LogQuery): Promise<string>;
  /** A container's lines as they come, without line ends, until it ends or the signal is aborted (no error). */
  followLogs(query: LogQuery): AsyncIterable<string>;
  /** Runs a command to its end; one that ends with another exit code than 0 has run, and is no failure here. */
  exec(call: ExecCall): Promise<ExecResult>;
  /**
   * Makes a port of a pod one of this machine.
   * @param onProblem told why a connection failed on the pod's side, such as that nothing listens there
   */
  forwardPort(pod: ObjectName, port: number, onProblem?: (problem: KtsError) => void): Promise<ForwardedPort>;
  /** Whether one may do something (SelfSubjectAccessReview). */
  mayI(access: Access, signal?: AbortSignal): Promise<boolean>;
}
