/** The settings that a flag or a variable can set: those that differ between two runs on one machine. */
export const SIMPLE_SETTINGS = [
  {
    name: 'dataDir',
    path: ['data_dir'],
    flag: '--data-dir',
    value: 'folder',
    variable: 'RECONCILED_DATA_DIR',
  },
  {
    name: 'listen',
    path: ['http', 'listen'],
    flag: '--listen',
    value: 'host:port',
    variable: 'RECONCILED_LISTEN',
  },
  {
    name: 'timezone',
    path: ['timezone'],
    flag: '--timezone',
    value: 'zone',
    variable: 'RECONCILED_TIMEZONE',
  },
  {
    name: 'locale',
    path: ['locale'],
    flag: '--locale',
    value: 'ko|en',
    variable: 'RECONCILED_LOCALE',
  },
  {
    name: 'logLevel',
    path: ['log_level'],
    flag: '--log-level',
    value: 'level',
    variable: 'RECONCILED_LOG_LEVEL',
  },
] as const;

/** The name of a setting that a flag or a variable can give as well. */
export type SimpleSetting = (typeof SIMPLE_SETTINGS)[number]['name'];

/** The variable that names the file. */
export const FILE_VARIABLE = 'RECONCILED_CONFIG';

/** The variable that holds the bearer token. */
export const TOKEN_VARIABLE = 'RECONCILED_API_TOKEN';

/** The file that is read when none is named, in the working directory. */
export const STANDARD_FILE = 'reconciled.toml';
