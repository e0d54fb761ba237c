import { describe, expect, it } from "vitest";
import { parseDeployFile } from "../../../deployer/config/parse.ts";
import { deployProblem, problemOf } from "../problem-of.ts";

describe("ZenML's names", () => {
  it("mean in a deployment what they meant there", () => {
    const { deploy } = parseDeployFile(
      {
        deploy: {
          service_config: {
            model_name: "mnist",
            predictor: "pytorch",
            model_uri: "s3://models/mnist",
            replicas: 2,
            resources: { requests: { cpu: "200m", memory: "500Mi" } },
            secret_name: "store-keys",
            k8s_service_account: "models",
            pipeline_name: "training",
          },
          torch_serve_parameters: {
            model_class: "mnist.py",
            handler: "mnist_handler.py",
            extra_files: ["labels.json"],
            requirements_file: "requirements.txt",
            model_version: "2.0",
            torch_config: "config.properties",
          },
          timeout: 120,
        },
      },
      "kserve.config.yaml",
    );
    expect(deploy).toEqual({
      name: "mnist",
      predictor: "pytorch",
      model: "s3://models/mnist",
      replicas: 2,
      resources: { requests: { cpu: "200m", memory: "500Mi" } },
      secret: "store-keys",
      serviceAccountName: "models",
      labels: { "zenml.pipeline_name": "training" },
      torchServe: {
        modelClass: "mnist.py",
        handler: "mnist_handler.py",
        extraFiles: ["labels.json"],
        requirementsFile: "requirements.txt",
        modelVersion: "2.0",
        configFile: "config.properties",
      },
      waitTimeoutSeconds: 120,
    });
  });

  it("mean it in a custom deployment", () => {
    const { deploy } = parseDeployFile(
      {
        deploy: {
          model_name: "digits",
          container: {
            name: "digits",
            image: "registry.example.com/digits:1",
            storage_uri: "s3://models/digits",
          },
          custom_deploy_parameters: { predict_function: "./predictor.ts#predict" },
        },
      },
      "file",
    );
    expect(deploy).toEqual({
      name: "digits",
      image: "registry.example.com/digits:1",
      model: "s3://models/digits",
      predictFunction: "./predictor.ts#predict",
    });
  });

  it("mean it in a target", () => {
    const { targets } = parseDeployFile(
      {
        targets: {
          staging: {
            kubernetes_context: "kind",
            kubernetes_namespace: "ml",
            base_url: "http://ingress.example.com",
            custom_domain: "example.com",
            secret: "store-keys",
            deploy: { model_name: "mnist" },
          },
        },
      },
      "file",
    );
    expect(targets["staging"]).toEqual({
      context: "kind",
      namespace: "ml",
      baseUrl: "http://ingress.example.com",
      domain: "example.com",
      secret: "store-keys",
      deploy: { name: "mnist" },
    });
  });

  it("are in the message where one has a wrong value", () => {
    expect(deployProblem({ service_config: { model_name: "My Model" } })).toMatch(
      /^deploy\.service_config\.model_name: /,
    );
  });

  it("are refused beside ours for the same setting", () => {
    expect(deployProblem({ name: "a", model_name: "b" })).toBe(
      "deploy.model_name and deploy.name are one setting; keep one of them",
    );
    const file = { targets: { a: { context: "a", kubernetes_context: "b" } } };
    expect(problemOf(() => parseDeployFile(file, "file"))).toMatch(/keep one of them/);
  });
});
