export declare function importProblem(file: string, specifier: string, typeOnly: boolean): string | undefined;
export declare const importRule: object;
