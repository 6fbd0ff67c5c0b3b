// TypeScript 7 calls its API unstable: an update of TypeScript may need changes here.
import { relative } from 'node:path';
import {
  type GetAccessorDeclaration,
  isBlock,
  isClassDeclaration,
  isExpressionWithTypeArguments,
  isFunctionDeclaration,
  isGetAccessorDeclaration,
  isInterfaceDeclaration,
  isIntersectionTypeNode,
  isMethodDeclaration,
  isMethodSignatureDeclaration,
  isPrivateIdentifier,
  isPropertyDeclaration,
  isPropertySignatureDeclaration,
  isTypeLiteralNode,
  type MethodDeclaration,
  type MethodSignatureDeclaration,
  type Node,
  type PropertyDeclaration,
  type PropertySignatureDeclaration,
} from 'typescript/unstable/ast';
import {
  API,
  ModifierFlags,
  type Project,
  SymbolFlags,
  type Type,
  type Symbol as TypeScriptSymbol,
} from 'typescript/unstable/sync';

/** The public interface of some files, and what lacks a comment there. */
export interface PublicMembers {
  /** Every exported name and every member that a user sees, as `file:line name`. The file is relative to `cwd`. */
  readonly all: readonly string[];
  /** Those without a comment. */
  readonly undocumented: readonly string[];
}

/**
 * Reads the exports of entry files, with the members of their types, of the types that these extend, and of object
 * types that are written inline, such as the context of a hook. Leaves out what is private, protected or `@internal`,
 * and what is declared outside of the project's own files.
 */
export function readPublicMembers(cwd: string, tsconfig: string, entries: readonly string[]): PublicMembers {
  const api = new API({ cwd });
  try {
    const project = api.updateSnapshot({ openProjects: [tsconfig] }).getProject(tsconfig);
    if (!project) throw new Error(`${tsconfig} can't be opened`);
    const reader = new MemberReader(project, cwd);
    for (const entry of entries) reader.readExports(entry);
    return reader;
  } finally {
    api.close();
  }
}

class MemberReader implements PublicMembers {
  readonly all: string[] = [];
  readonly undocumented: string[] = [];
  readonly #project: Project;
  readonly #cwd: string;
  readonly #ownFiles: ReadonlySet<string>;
  readonly #exported = new Set<TypeScriptSymbol>();
  /** Symbols whose members have been read, as those of an export or of a base type. */
  readonly #read = new Set<TypeScriptSymbol>();

  constructor(project: Project, cwd: string) {
    this.#project = project;
    this.#cwd = cwd;
    this.#ownFiles = new Set(project.rootFiles);
  }

  readExports(entry: string): void {
    const { program, checker } = this.#project;
    const file = program.getSourceFile(entry);
    const module = file && checker.getSymbolAtLocation(file);
    if (!module) throw new Error(`${entry} is no module of ${this.#project.configFileName}`);
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = this.#aliased(exported);
      const [declaration] = this.#declarationsOf(symbol);
      if (!declaration || this.#exported.has(symbol) || this.#isInternal(symbol)) continue;
      this.#exported.add(symbol);
      this.#add(declaration, symbol.name, checker.getDocumentationCommentOfSymbol(symbol));
      this.#readDeclarations(symbol);
    }
  }

  #readDeclarations(symbol: TypeScriptSymbol): void {
    if (this.#read.has(symbol)) return;
    this.#read.add(symbol);
    const declarations = this.#declarationsOf(symbol);
    for (const node of declarations) {
      // Users see the overloads, but not their implementation.
      const isImplementation = isFunctionDeclaration(node) && node.body !== undefined && declarations.length > 1;
      if (!isImplementation) this.#readChildren(node, symbol.name);
    }
  }

  #readChildren(node: Node, path: string): void {
    const { initializer } = node as { initializer?: Node };
    node.forEachChild((child) => {
      if (child === initializer || isBlock(child)) return;
      if (isExpressionWithTypeArguments(child)) this.#readBase(child.expression);
      if (isMember(child)) this.#readMember(child, path);
      else this.#readChildren(child, path);
    });
  }

  /** Users see the members of a base type, even if the type itself is not exported. */
  #readBase(name: Node): void {
    const symbol = this.#project.checker.getSymbolAtLocation(name);
    if (symbol) this.#readDeclarations(this.#aliased(symbol));
  }

  #readMember(member: Member, path: string): void {
    const { checker } = this.#project;
    const symbol = checker.getSymbolAtLocation(member.name);
    const isHidden = (member.modifierFlags & (ModifierFlags.Private | ModifierFlags.Protected)) !== 0;
    if (!symbol || isHidden || isPrivateIdentifier(member.name) || this.#isInternal(symbol)) return;
    const name = `${path}.${symbol.name}`;
    const comment = checker.getDocumentationCommentOfSymbol(symbol) || this.#inheritedComment(member, symbol.name);
    this.#add(member, name, comment);
    this.#readChildren(member, name);
  }

  /** An editor shows the comment of the overridden member, or of the same member of another part of an intersection. */
  #inheritedComment(member: Member, name: string): string {
    const { checker } = this.#project;
    for (const type of this.#inheritedFrom(member.parent)) {
      const property = checker.getPropertyOfType(type, name);
      const comment = property && checker.getDocumentationCommentOfSymbol(property);
      if (comment) return comment;
    }
    return '';
  }

  #inheritedFrom(owner: Node): Type[] {
    const { checker } = this.#project;
    if (isTypeLiteralNode(owner) && isIntersectionTypeNode(owner.parent)) {
      const type = checker.getTypeFromTypeNode(owner.parent);
      return type ? [type] : [];
    }
    if (!isClassDeclaration(owner) && !isInterfaceDeclaration(owner)) return [];
    const names = (owner.heritageClauses ?? []).flatMap((clause) => clause.types.map((type) => type.expression));
    return names.flatMap((base) => {
      const symbol = checker.getSymbolAtLocation(base);
      return symbol ? [checker.getDeclaredTypeOfSymbol(this.#aliased(symbol))] : [];
    });
  }

  #add(node: Node, name: string, comment: string): void {
    const file = node.getSourceFile();
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    const place = `${relative(this.#cwd, file.fileName).replaceAll('\\', '/')}:${line + 1} ${name}`;
    this.all.push(place);
    if (comment.trim() === '') this.undocumented.push(place);
  }

  #aliased(symbol: TypeScriptSymbol): TypeScriptSymbol {
    return symbol.flags & SymbolFlags.Alias ? this.#project.checker.getAliasedSymbol(symbol) : symbol;
  }

  #declarationsOf(symbol: TypeScriptSymbol): Node[] {
    const nodes = symbol.declarations.flatMap((handle) => handle.resolve(this.#project) ?? []);
    return nodes.filter((node) => this.#ownFiles.has(node.getSourceFile().fileName));
  }

  #isInternal(symbol: TypeScriptSymbol): boolean {
    return this.#project.checker.getJsDocTagsOfSymbol(symbol).some(({ name }) => name === 'internal');
  }
}

type Member =
  | GetAccessorDeclaration
  | MethodDeclaration
  | MethodSignatureDeclaration
  | PropertyDeclaration
  | PropertySignatureDeclaration;

function isMember(node: Node): node is Member {
  return (
    isPropertySignatureDeclaration(node) ||
    isMethodSignatureDeclaration(node) ||
    isPropertyDeclaration(node) ||
    isMethodDeclaration(node) ||
    isGetAccessorDeclaration(node)
  );
}
