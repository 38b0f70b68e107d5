// What the rendered dashboards are held against: Grafana's own types. The test puts the dashboards below it.
import type { AnnotationQuery, Dashboard, DataQuery, GraphFieldConfig, TableFieldOptions, VariableModel } from '@grafana/schema';

// JSON has the texts of enums.
type Text<T> = T extends string ? `${T}`
  : T extends number | boolean | undefined | null ? T
  : T extends (infer E)[] ? Text<E>[]
  : T extends object ? { [K in keyof T]: Text<T[K]> }
  : T;

// The schema leaves to each kind of variable and each data source what is its own.
type Variable = VariableModel & { definition?: string };
type SQL = DataQuery & { pluginVersion: string; editorType: string; format: number; rawSql: string };
type Annotation = Omit<AnnotationQuery, 'target'> & { target?: SQL; expr?: string; step?: string; titleFormat?: string; textFormat?: string; tagKeys?: string };

export type Board = Text<Omit<Dashboard, 'templating' | 'annotations'> & { templating: { list: Variable[] }; annotations: { list: Annotation[] } }>;
export type Graph = Text<GraphFieldConfig>;
export type Table = Text<Partial<TableFieldOptions> & { filterable?: boolean }>;
