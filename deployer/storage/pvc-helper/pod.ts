import { randomBytes } from "node:crypto";
import type { KubeObject } from "../../cluster/cluster.ts";
import { OWN_LABELS } from "../../manifests/access.ts";
import { type Manifest, compact } from "../../manifests/manifest.ts";
import { MOUNT_PATH, WAIT_SCRIPT } from "./scripts.ts";

/** Name of the helper's container. */
export const CONTAINER = "store";

/** Labels by which helpers are found that an earlier run has left. */
export const HELPER_LABELS = { ...OWN_LABELS, "app.kubernetes.io/component": "model-store" };

/** What a helper is made of. */
export interface HelperPod {
  readonly namespace: string;
  readonly claim: string;
  readonly image: string;
  readonly userId: number;
  readonly imagePullSecrets: readonly string[];
  /** A node that it has to run on; undefined: any. */
  readonly node: string | undefined;
  /** Seconds after which the cluster ends it, whatever became of us. */
  readonly deadlineSeconds: number;
}

/** A pod that mounts the claim and waits; what PodSecurity's strictest level asks for is kept. */
export function helperPod(helper: HelperPod): Manifest {
  const { namespace, claim, image, userId, imagePullSecrets, node, deadlineSeconds } = helper;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `kserve-ts-store-${randomBytes(4).toString("hex")}`,
      namespace,
      // A mesh's sidecar would delay the start, and carries nothing of ours.
      labels: { ...HELPER_LABELS, "sidecar.istio.io/inject": "false" },
    },
    spec: {
      restartPolicy: "Never",
      activeDeadlineSeconds: deadlineSeconds,
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: userId,
        runAsGroup: userId,
        fsGroup: userId,
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
      ...compact({ imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
      ...(node !== undefined && { affinity: onNode(node) }),
      containers: [
        {
          name: CONTAINER,
          image,
          imagePullPolicy: "IfNotPresent",
          command: ["sh", "-c", WAIT_SCRIPT],
          resources: {
            requests: { cpu: "50m", memory: "32Mi" },
            // Pages of the files that it writes count as its own until they are on the disk.
            limits: { cpu: "1", memory: "256Mi" },
          },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          volumeMounts: [{ name: "claim", mountPath: MOUNT_PATH }],
        },
      ],
      volumes: [{ name: "claim", persistentVolumeClaim: { claimName: claim } }],
    },
  };
}

function onNode(node: string): object {
  const matchFields = [{ key: "metadata.name", operator: "In", values: [node] }];
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
    },
  };
}

/** Whether a pod has ended. */
export function hasEnded(pod: KubeObject): boolean {
  const { phase } = (pod["status"] ?? {}) as { phase?: string };
  return phase === "Succeeded" || phase === "Failed";
}
