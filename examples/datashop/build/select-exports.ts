import { parseAst } from 'vite';

interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

/** A top-level statement, with the names that it declares and mentions. */
interface Statement {
  text: string;
  declares: string[];
  mentions: Set<string>;
  /** The name to which the statement only adds a property, as `Button.displayName = …` does. */
  adds: string | undefined;
}

/**
 * Reduces an ES module to some of its exports, and to the code that they need. Unlike the bundler's own tree shaking,
 * it takes for granted that adding a property to something unused has no effect.
 *
 * @throws Error if the module does not export one of `names`
 */
export function selectExports(code: string, names: readonly string[]): string {
  const body = parseAst(code).body as unknown as Node[];
  const exported = exportsOf(body);
  const missing = names.filter((name) => !exported.has(name));
  if (missing.length > 0) throw new Error(`Expected the module to export ${missing.join(', ')}`);
  const statements = body.filter(({ type }) => !type.startsWith('Export')).map((node) => describe(code, node));
  const kept = keep(
    statements,
    names.map((name) => exported.get(name)!),
  );
  const list = names.map((name) => `${exported.get(name)} as ${name}`).join(', ');
  return `${statements
    .filter((statement) => kept.has(statement))
    .map(({ text }) => text)
    .join('\n')}\nexport { ${list} };\n`;
}

/** Exported name → local name. */
function exportsOf(body: Node[]): Map<string, string> {
  const specifiers = body.flatMap((node) =>
    node.type === 'ExportNamedDeclaration' ? (node.specifiers as Node[]) : [],
  );
  return new Map(specifiers.map(({ local, exported }) => [nameOf(exported), nameOf(local)]));
}

function describe(code: string, node: Node): Statement {
  return {
    text: code.slice(node.start, node.end),
    declares: declaredBy(node),
    mentions: new Set(identifiers(node)),
    adds: node.type === 'ExpressionStatement' ? changedBy(node.expression as Node) : undefined,
  };
}

/** The needed statements: those that declare a needed name, and those that change something needed or unknown. */
function keep(statements: Statement[], names: string[]): Set<Statement> {
  const isDeclared = new Set(statements.flatMap(({ declares }) => declares));
  const needed = new Set(names);
  const kept = new Set<Statement>();
  for (let before = -1; before < kept.size; ) {
    before = kept.size;
    for (const statement of statements) {
      const { declares, adds, mentions } = statement;
      const isEffect = declares.length === 0 && (adds === undefined || !isDeclared.has(adds) || needed.has(adds));
      if (kept.has(statement) || !(isEffect || declares.some((name) => needed.has(name)))) continue;
      kept.add(statement);
      for (const name of mentions) needed.add(name);
    }
  }
  return kept;
}

function declaredBy(node: Node): string[] {
  if (node.type === 'ImportDeclaration') return (node.specifiers as Node[]).map(({ local }) => nameOf(local));
  if (node.type === 'VariableDeclaration') return (node.declarations as Node[]).flatMap(({ id }) => identifiers(id));
  return node.id ? [nameOf(node.id)] : [];
}

/** The name behind `name.property = …` and `_defineProperty(name, …)`. */
function changedBy({ type, left, callee, arguments: given }: Node): string | undefined {
  let target: unknown;
  if (type === 'AssignmentExpression') target = left;
  else if (type === 'CallExpression' && /^_defineProperty/.test(nameOf(callee))) target = (given as Node[])[0];
  while ((target as Node | undefined)?.type === 'MemberExpression') target = (target as Node).object;
  return nameOf(target) || undefined;
}

/** The names of all identifiers in a node. Names of properties are among them, which keeps too much at worst. */
function identifiers(value: unknown, found: string[] = []): string[] {
  if (nameOf(value)) found.push(nameOf(value));
  else if (typeof value === 'object' && value !== null)
    for (const each of Object.values(value)) identifiers(each, found);
  return found;
}

function nameOf(value: unknown): string {
  const { type, name } = (value ?? {}) as { type?: string; name?: string };
  return type === 'Identifier' ? name! : '';
}
