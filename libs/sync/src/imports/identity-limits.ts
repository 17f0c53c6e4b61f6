export const MAX_IDENTIFIER_KEY_LENGTH = 512;
export const MAX_NAME_LENGTH = 1_000;
export const MAX_PROJECT_ID_LENGTH = 200;
export const MAX_PROPERTY_KEY_LENGTH = 200;
export const MAX_VALUE_LENGTH = 65_536;
export const MAX_JSON_DEPTH = 32;
