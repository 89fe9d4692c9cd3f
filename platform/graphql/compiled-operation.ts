/**
 * An operation compiled to JavaScript (graphql-jit), which runs it two to three times as fast as graphql-js: most of
 * what is saved is the coercion of inputs. What is asked seldom is not worth the compiling, and what cannot be
 * compiled, or whose variables are refused, is left to graphql-js: so errors are the same ones. (One difference is
 * known: an empty list in the place of an input object counts as an empty object.)
 */
import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isInputType,
  type OperationDefinitionNode,
  typeFromAST,
} from 'graphql';
import { compileQuery } from 'graphql-jit';

/** Runs before an operation is compiled: somebody who sends ever new documents must not make us compile each. */
export const RUNS_BEFORE = 5;

type Run = (
  root: undefined,
  context: unknown,
  variables: Readonly<Record<string, unknown>>,
) => ExecutionResult | Promise<ExecutionResult>;

export class CompiledOperation {
  readonly #compile: () => Run | undefined;
  readonly #runsBefore: number;
  #runs = 0;
  #run: Run | undefined;

  constructor(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    runsBefore: number,
  ) {
    this.#runsBefore = runsBefore;
    this.#compile = () => {
      if (!canBeCompiled(schema, operation)) return undefined;
      const compiled = compileQuery(schema, document, operation.name?.value);
      return 'query' in compiled ? (compiled.query as Run) : undefined;
    };
  }

  /** @returns nothing where graphql-js is to run it; no resolver has run then. */
  async run(
    variables: Readonly<Record<string, unknown>>,
    context: unknown,
  ): Promise<ExecutionResult | undefined> {
    if (this.#runs <= this.#runsBefore && this.#runs++ === this.#runsBefore) this.#run = this.#compile();
    const result = await this.#run?.(undefined, context, variables);
    // Without `data` nothing ran (GraphQL specification, 7.1): the variables were refused.
    if (result?.data === undefined) return undefined;
    return result.errors ? { ...result, errors: result.errors.map(ownError) } : result;
  }
}

/** Code for an input type that contains itself would grow with every level that it may have. */
export function canBeCompiled(schema: GraphQLSchema, operation: OperationDefinitionNode): boolean {
  return (operation.variableDefinitions ?? []).every(({ type }) => {
    const input = typeFromAST(schema, type as never);
    return isInputType(input) && !containsItself(input, []);
  });
}

function containsItself(type: GraphQLInputType, above: readonly unknown[]): boolean {
  const named = getNamedType(type);
  if (!isInputObjectType(named)) return false;
  if (above.includes(named)) return true;
  return Object.values(named.getFields()).some((field) => containsItself(field.type, [...above, named]));
}

/** graphql-jit's errors lack what graphql-js's have. */
const ownError = ({ message, path, originalError }: GraphQLError): GraphQLError =>
  new GraphQLError(message, { path, originalError });
