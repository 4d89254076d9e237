-- What is asked and what it means. A revision's content is written once and read whole; the bytes
-- are those its hashes are taken over.
CREATE TABLE questionnaire (
  code TEXT NOT NULL,
  revision INTEGER NOT NULL CONSTRAINT questionnaire_counts_from_one CHECK (revision >= 1),
  title TEXT NOT NULL,
  content BLOB NOT NULL,
  state INTEGER NOT NULL CONSTRAINT questionnaire_state_is_known CHECK (state IN (1, 2)),
  author TEXT NOT NULL,
  publisher TEXT,
  create_us INTEGER NOT NULL,
  publish_us INTEGER,
  PRIMARY KEY (code, revision)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER questionnaire_content_is_final BEFORE UPDATE OF code, revision, title, content, author, create_us
ON questionnaire
BEGIN
  SELECT RAISE(ABORT, 'questionnaire_is_immutable');
END;

CREATE TABLE rule_set (
  code TEXT NOT NULL,
  revision INTEGER NOT NULL CONSTRAINT rule_set_counts_from_one CHECK (revision >= 1),
  title TEXT NOT NULL,
  questionnaire TEXT NOT NULL,
  content BLOB NOT NULL,
  state INTEGER NOT NULL CONSTRAINT rule_set_state_is_known CHECK (state IN (1, 2, 3)),
  author TEXT NOT NULL,
  publisher TEXT,
  create_us INTEGER NOT NULL,
  publish_us INTEGER,
  PRIMARY KEY (code, revision)
) STRICT, WITHOUT ROWID;

-- The chain has one rule set in force.
CREATE UNIQUE INDEX rule_set_in_force ON rule_set (state) WHERE state = 2;

CREATE TRIGGER rule_set_content_is_final
BEFORE UPDATE OF code, revision, title, questionnaire, content, author, create_us ON rule_set
BEGIN
  SELECT RAISE(ABORT, 'rule_set_is_immutable');
END;

-- A patient's assessments and consents hang on chains from the newest back, so that appending costs
-- no index of random locality.
CREATE TABLE patient (
  name TEXT NOT NULL PRIMARY KEY,
  last_assessment INTEGER,
  last_consent INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE assessment (
  row INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  patient TEXT NOT NULL,
  previous_row INTEGER,
  site TEXT NOT NULL,
  questionnaire TEXT NOT NULL,
  answers BLOB NOT NULL,
  state INTEGER NOT NULL CONSTRAINT assessment_state_is_known CHECK (state IN (1, 2)),
  recorder TEXT NOT NULL,
  create_us INTEGER NOT NULL,
  invalidate_us INTEGER,
  invalidation_reason INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TRIGGER assessment_is_final
BEFORE UPDATE OF name, patient, previous_row, site, questionnaire, answers, recorder, create_us ON assessment
BEGIN
  SELECT RAISE(ABORT, 'assessment_is_immutable');
END;

CREATE TABLE consent (
  row INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  patient TEXT NOT NULL,
  previous_row INTEGER,
  site TEXT NOT NULL,
  cocktail TEXT NOT NULL,
  document TEXT NOT NULL,
  recorder TEXT NOT NULL,
  sign_us INTEGER NOT NULL,
  create_us INTEGER NOT NULL
) STRICT;

CREATE TRIGGER consent_is_final BEFORE UPDATE ON consent
BEGIN
  SELECT RAISE(ABORT, 'consent_is_immutable');
END;

-- What screening keeps of the other services' objects, fed by their events.
CREATE TABLE site (
  name TEXT NOT NULL PRIMARY KEY,
  time_zone TEXT NOT NULL,
  jurisdiction TEXT NOT NULL,
  revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE treatment (
  name TEXT NOT NULL PRIMARY KEY,
  area TEXT NOT NULL,
  delivery_method TEXT NOT NULL,
  technique TEXT NOT NULL,
  numbing_cream_tags TEXT NOT NULL,
  revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Tags are fetched from inventory when first needed (NULL until then) and dropped when a product's
-- composition is corrected; `generation` counts the corrections, so that tags fetched before one
-- are not kept after it.
CREATE TABLE cocktail (
  code TEXT NOT NULL,
  revision INTEGER NOT NULL,
  published INTEGER NOT NULL CONSTRAINT cocktail_published_is_boolean CHECK (published IN (0, 1)),
  title TEXT NOT NULL,
  tags TEXT,
  generation INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (code, revision)
) STRICT, WITHOUT ROWID;
