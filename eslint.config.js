import eslint from "@eslint/js";
import tseslint from "typescript-eslint";
import { importRule } from "./test/house/import-rule.js";

export default tseslint.config(
  {
    ignores: [
      "dist/**",
      "**/node_modules/**",
      "bench/results/**",
      "test/types/rejected/**",
      "test/fixtures/predictors/**",
    ],
  },
  eslint.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: false }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      eqeqeq: "error",
      "no-console": "error",
      "prefer-const": "error",
    },
  },
  { files: ["test/**", "bench/**", "examples/**"], rules: { "no-console": "off" } },
  {
    files: ["templates/**"],
    rules: {
      "@typescript-eslint/no-floating-promises": [
        "error",
        { allowForKnownSafeCalls: [{ from: "package", package: "node:test", name: "test" }] },
      ],
    },
  },
  { files: ["test/types/**"], rules: { "@typescript-eslint/no-unused-vars": "off" } },
  {
    files: ["contract/**", "protocol/**", "client/**", "runtime/**", "builder/**", "deployer/**", "cli/**"],
    plugins: { house: { rules: { imports: importRule } } },
    rules: { "house/imports": "error" },
  },
);
