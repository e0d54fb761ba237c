import type { KtsError } from "../../contract/errors.ts";
import type { Manifest, Members } from "../manifests/manifest.ts";
import type {
  Access,
  Applied,
  ApplyOptions,
  Cluster,
  ExecCall,
  ExecResult,
  ForwardedPort,
  KubeObject,
  LogQuery,
  ObjectList,
  ObjectName,
  ObjectQuery,
  WatchEvent,
} from "./cluster.ts";
import { type LogSource, followLines, logPath } from "./logs.ts";
import { RESOURCES, type Resource } from "./resources.ts";
import type { ApiRequest, Transport } from "./transport.ts";
import { type Query, pathOf, withQuery } from "./urls.ts";
import { watchObjects } from "./watch.ts";

/** The field manager under which fields are owned. */
const FIELD_MANAGER = "kserve-ts";

/** So many objects come in one answer. */
const PAGE = 500;

/** A cluster behind its API server. */
export class KubeCluster implements Cluster {
  readonly context: string;
  readonly server: string;
  readonly namespace: string;
  readonly #transport: Transport;
  /** The last list of each query, by which a watch that lost its place can tell what was deleted meanwhile. */
  readonly #listed = new Map<string, ObjectList>();

  constructor(transport: Transport, namespace: string) {
    this.context = transport.where.context;
    this.server = transport.where.server;
    this.namespace = namespace;
    this.#transport = transport;
  }

  async version(signal?: AbortSignal): Promise<string> {
    const { value } = await this.#transport.json({
      method: "GET",
      path: "/version",
      doing: "read the cluster's version",
      signal,
    });
    return String((value as { gitVersion?: unknown }).gitVersion ?? "unknown");
  }

  getPath(path: string, signal?: AbortSignal): Promise<unknown> {
    return this.#found({ method: "GET", path, doing: `read ${path}`, signal });
  }

  async get(resource: Resource, { namespace, name }: ObjectName, signal?: AbortSignal) {
    const path = pathOf(resource, namespace ?? this.namespace, name);
    const doing = `read ${this.#naming(resource, name, namespace)}`;
    return (await this.#found({ method: "GET", path, doing, signal })) as KubeObject | undefined;
  }

  async list(resource: Resource, query: ObjectQuery = {}, signal?: AbortSignal): Promise<ObjectList> {
    const { path, selectors } = this.#listing(resource, query);
    const doing = `list ${this.#naming(resource, undefined, query.namespace)}`;
    const items: KubeObject[] = [];
    let resourceVersion = "";
    let next: string | undefined;
    do {
      const paged = withQuery(path, { ...selectors, limit: PAGE, continue: next });
      const found = (await this.#found({ method: "GET", path: paged, doing, signal })) as
        ListAnswer | undefined;
      if (found === undefined) break;
      // The items of a list come without what they are.
      const { kind, group, version } = resource;
      const apiVersion = group === "" ? version : `${group}/${version}`;
      items.push(...(found.items ?? []).map((item) => ({ ...item, apiVersion, kind })));
      resourceVersion = found.metadata?.resourceVersion ?? "";
      next = found.metadata?.continue;
    } while (next !== undefined && next !== "");
    const list = { items, resourceVersion };
    this.#listed.set(withQuery(path, selectors), list);
    return list;
  }

  watch(
    resource: Resource,
    query: ObjectQuery & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent> {
    const { path, selectors } = this.#listing(resource, query);
    const { resourceVersion } = query;
    const last = this.#listed.get(withQuery(path, selectors));
    const watched = {
      path,
      query: selectors,
      doing: `watch ${this.#naming(resource, undefined, query.namespace)}`,
      resourceVersion,
      known: last?.resourceVersion === resourceVersion ? last.items : [],
      list: (until: AbortSignal) => this.list(resource, query, until),
    };
    return watchObjects(this.#transport, watched, signal);
  }

  async apply(resource: Resource, manifest: Manifest, options: ApplyOptions = {}): Promise<Applied> {
    const { name, namespace } = manifest.metadata;
    const path = withQuery(pathOf(resource, namespace ?? this.namespace, name), {
      fieldManager: FIELD_MANAGER,
      fieldValidation: "Strict",
      force: options.force ?? true,
      ...(options.dryRun === true && { dryRun: "All" }),
    });
    const { value, warnings } = await this.#transport.json({
      method: "PATCH",
      path,
      body: manifest,
      // JSON is YAML, too.
      contentType: "application/apply-patch+yaml",
      doing: `apply ${this.#naming(resource, name, namespace)}`,
      repeatable: true,
      signal: options.signal,
    });
    return { object: value as KubeObject, warnings };
  }

  create(resource: Resource, manifest: Manifest, signal?: AbortSignal): Promise<KubeObject> {
    const { name, namespace } = manifest.metadata;
    return this.#object({
      method: "POST",
      path: writing(pathOf(resource, namespace ?? this.namespace)),
      body: manifest,
      doing: `create ${this.#naming(resource, name, namespace)}`,
      signal,
    });
  }

  patch(resource: Resource, { name, namespace }: ObjectName, change: Members, signal?: AbortSignal) {
    return this.#object({
      method: "PATCH",
      path: writing(pathOf(resource, namespace ?? this.namespace, name)),
      body: change,
      contentType: "application/merge-patch+json",
      doing: `change ${this.#naming(resource, name, namespace)}`,
      signal,
    });
  }

  replace(resource: Resource, object: KubeObject, signal?: AbortSignal): Promise<KubeObject> {
    const { name, namespace } = object.metadata;
    return this.#object({
      method: "PUT",
      path: writing(pathOf(resource, namespace ?? this.namespace, name)),
      body: object,
      doing: `change ${this.#naming(resource, name, namespace)}`,
      signal,
    });
  }

  async delete(resource: Resource, { name, namespace }: ObjectName, signal?: AbortSignal): Promise<boolean> {
    const found = await this.#found({
      method: "DELETE",
      path: pathOf(resource, namespace ?? this.namespace, name),
      body: { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background" },
      doing: `delete ${this.#naming(resource, name, namespace)}`,
      signal,
    });
    return found !== undefined;
  }

  async logs(query: LogQuery): Promise<string> {
    const source = this.#logSource(query);
    const { tailLines, sinceSeconds, timestamps, signal } = query;
    const path = logPath(source, { tailLines, sinceSeconds, timestamps });
    const answer = await this.#transport.send({ method: "GET", path, doing: source.doing, signal });
    if (answer.status >= 400) throw this.#transport.refusal(answer, source.doing);
    return answer.body;
  }

  followLogs(query: LogQuery): AsyncIterable<string> {
    return followLines(this.#transport, this.#logSource(query));
  }

  async exec(call: ExecCall): Promise<ExecResult> {
    const { pod, namespace = this.namespace } = call;
    const doing = `run ${call.command[0] ?? "nothing"} in ${this.#naming(RESOURCES.pod, pod, namespace)}`;
    const { runCommand } = await import("./exec.ts");
    return runCommand(this.#transport, namespace, call, doing);
  }

  async forwardPort(
    { name, namespace = this.namespace }: ObjectName,
    port: number,
    onProblem?: (problem: KtsError) => void,
  ): Promise<ForwardedPort> {
    const doing = `reach port ${port} of ${this.#naming(RESOURCES.pod, name, namespace)}`;
    const { forwardPodPort } = await import("./port-forward.ts");
    return forwardPodPort(this.#transport, { namespace, pod: name, port, doing, onProblem });
  }

  async mayI({ verb, resource, subresource, namespace }: Access, signal?: AbortSignal): Promise<boolean> {
    const { group, plural, namespaced } = resource;
    const review = await this.#object({
      method: "POST",
      path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: {
          resourceAttributes: {
            verb,
            group,
            resource: plural,
            ...(subresource !== undefined && { subresource }),
            ...(namespaced && namespace !== "*" && { namespace: namespace ?? this.namespace }),
          },
        },
      },
      doing: "ask the cluster what you may do",
      repeatable: true,
      signal,
    });
    return (review.status as { allowed?: boolean } | undefined)?.allowed === true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#transport.close();
    return Promise.resolve();
  }

  /** The JSON of an answer; undefined where what is asked for is not there. */
  async #found(request: ApiRequest): Promise<unknown> {
    const answer = await this.#transport.send(request);
    if (answer.status === 404) return undefined;
    if (answer.status >= 400) throw this.#transport.refusal(answer, request.doing);
    return this.#transport.parse(answer.body);
  }

  async #object(request: ApiRequest): Promise<KubeObject> {
    return (await this.#transport.json(request)).value as KubeObject;
  }

  #listing(
    resource: Resource,
    { namespace, labels, fields }: ObjectQuery,
  ): { path: string; selectors: Query } {
    const path = pathOf(resource, namespace === "*" ? undefined : (namespace ?? this.namespace));
    return { path, selectors: { labelSelector: labels, fieldSelector: fields } };
  }

  #logSource(query: LogQuery): LogSource {
    const { pod, container, namespace = this.namespace } = query;
    return {
      query,
      namespace,
      doing: `read the log of the container ${container} of ${this.#naming(RESOURCES.pod, pod, namespace)}`,
      pod: (signal) => this.get(RESOURCES.pod, { name: pod, namespace }, signal),
    };
  }

  /** `InferenceService digits in the namespace team-a`. */
  #naming(
    { kind, plural, namespaced }: Resource,
    name: string | undefined,
    namespace = this.namespace,
  ): string {
    const what = name === undefined ? plural : `${kind} ${name}`;
    if (!namespaced) return what;
    return namespace === "*" ? `${what} in all namespaces` : `${what} in the namespace ${namespace}`;
  }
}

interface ListAnswer {
  readonly items?: readonly KubeObject[];
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

function writing(path: string): string {
  return withQuery(path, { fieldManager: FIELD_MANAGER, fieldValidation: "Strict" });
}
