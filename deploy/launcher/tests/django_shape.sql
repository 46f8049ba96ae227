-- The monolith's tables as Django makes them (columns as the contract's data models have them).
CREATE TABLE auth_user (id serial PRIMARY KEY, password varchar(128) NOT NULL, last_login timestamptz, is_superuser bool NOT NULL,
  username varchar(150) UNIQUE NOT NULL, first_name varchar(150) NOT NULL, last_name varchar(150) NOT NULL,
  email varchar(254) NOT NULL, is_staff bool NOT NULL, is_active bool NOT NULL, date_joined timestamptz NOT NULL);
CREATE TABLE creators_creator (id bigserial PRIMARY KEY, user_id int UNIQUE REFERENCES auth_user, motto varchar(100),
  social_link varchar(255), image varchar(100), editor_mode varchar(1), theme_preset varchar(32), theme_mode varchar(1),
  api_base_url varchar(255), mcp_skill_md text, app_settings jsonb, app_settings_updated_at timestamptz,
  api_key_hash varchar(64), api_key_prefix varchar(8));
CREATE TABLE creators_session (id bigserial PRIMARY KEY, creator_id bigint, key varchar(40), created_at timestamptz);
CREATE TABLE creators_socialaccount (id bigserial PRIMARY KEY, creator_id bigint, provider varchar(16), provider_uid varchar(255),
  email varchar(254), extra_data jsonb, created_at timestamptz);
CREATE TABLE creators_invitationcode (id bigserial PRIMARY KEY, code_hash varchar(64), label varchar(120), max_uses int,
  times_used int, expires_at timestamptz, created_at timestamptz);
CREATE TABLE notes_course (id bigserial PRIMARY KEY, creator_id bigint, client_course_id varchar(64), slug varchar(120) UNIQUE,
  title varchar(120), description text, cover_image varchar(100), icon int, is_default bool, sort_order int,
  date_created timestamptz, last_edit timestamptz);
CREATE TABLE notes_coursemedia (id bigserial PRIMARY KEY, course_id bigint, title varchar(120), description varchar(255),
  image varchar(100), source varchar(255), date_created timestamptz);
CREATE TABLE notes_coursesubscription (id bigserial PRIMARY KEY, creator_id bigint, course_id bigint, is_active bool,
  subscribed_at timestamptz, last_opened_at timestamptz, date_created timestamptz, last_edit timestamptz);
CREATE TABLE notes_courseoperationlog (id bigserial PRIMARY KEY, creator_id bigint, course_id bigint, operation_type varchar(16),
  metadata_json text, occurred_at timestamptz, date_created timestamptz);
CREATE TABLE notes_note (id bigserial PRIMARY KEY, creator_id bigint, course_id bigint, uuid uuid UNIQUE, sharing_id varchar(36),
  title varchar(100), description varchar(600), is_public bool, content text, metadata_json text, custom_meta text,
  client_draft_id varchar(64), deleted_at timestamptz, note_type varchar(1), source_note_id bigint, editor_mode varchar(1),
  cover_image varchar(100), date_created timestamptz, last_edit timestamptz);
CREATE TABLE notes_noteblock (id bigserial PRIMARY KEY, creator_id bigint, note_id bigint, block_type varchar(1), text text,
  args varchar(256), "is_AI_generated" bool, image varchar(100), file varchar(100), date_created timestamptz, last_edit timestamptz);
CREATE TABLE notes_noteindex (id bigserial PRIMARY KEY, note_id bigint, block_id bigint, index int);
CREATE TABLE notes_noteattachment (id bigserial PRIMARY KEY, note_id bigint, file varchar(100), original_filename varchar(255),
  file_size bigint, content_type varchar(128), date_created timestamptz);
CREATE TABLE notes_noteversion (id bigserial PRIMARY KEY, note_id bigint, creator_id bigint, title varchar(100),
  description varchar(600), content text, metadata_json text, editor_mode varchar(1), reason varchar(32), date_created timestamptz);
CREATE TABLE notes_recyclebinentry (id bigserial PRIMARY KEY, creator_id bigint, note_id bigint, item_type varchar(16),
  deleted_at timestamptz, metadata_json text, date_created timestamptz, last_edit timestamptz);
CREATE TABLE notes_noteactivitysession (id bigserial PRIMARY KEY, creator_id bigint, note_id bigint, title varchar(120),
  summary varchar(255), started_at timestamptz, ended_at timestamptz, date_created timestamptz, last_edit timestamptz);
CREATE TABLE notes_heatmapactivity (id bigserial PRIMARY KEY, creator_id bigint, course_id bigint, note_id bigint,
  activity_type varchar(1), activity_date date, word_count int, date_created timestamptz);
CREATE TABLE notes_plannerevent (id bigserial PRIMARY KEY, creator_id bigint, course_id bigint, title varchar(120),
  event_date date, starts_at timestamptz, ends_at timestamptz, difficulty_weight int, description varchar(255),
  is_completed bool, completed_at timestamptz, recurrence_freq varchar(1), recurrence_interval int, recurrence_end_date date,
  recurrence_count int, date_created timestamptz, last_edit timestamptz);
CREATE TABLE notes_calendarfeed (id bigserial PRIMARY KEY, creator_id bigint, course_id bigint, title varchar(120),
  source_kind varchar(1), source_url varchar(200), raw_ical text, is_enabled bool, last_sync timestamptz,
  date_created timestamptz, last_edit timestamptz);

-- So many people (:people) with a profile each (numbered otherwise than the accounts), 2 courses, 20 notes of 3 blocks,
-- and so on.
SELECT :people * 2 AS courses, :people * 20 AS notes, :people * 60 AS blocks, :people * 3 / 10 AS entries \gset
-- Their password is "An old password 1" in Django's own hash; their API key is 'ntc_' and the md5 of their id.
INSERT INTO auth_user SELECT n, 'pbkdf2_sha256$1000$saltsalt$' || :'hash', now(), false, 'person' || n, 'First' || n, '',
  'person' || n || '@example.org', false, true, '2025-01-01' FROM generate_series(1, :people) n;
INSERT INTO creators_creator SELECT n + 5000, n, 'motto ' || n, '', 'user_upload/user_' || n || '/profile_pic/profile_latest.png', 'G',
  'amber', 'D', '', '# skill', '{"offline_mode": true}', '2026-01-01',
  encode(sha256(('ntc_' || md5(n::text))::bytea), 'hex'), left('ntc_' || md5(n::text), 8) FROM generate_series(1, :people) n;
INSERT INTO creators_session SELECT n, n + 5000, md5(n::text), now() FROM generate_series(1, :people) n;
INSERT INTO creators_socialaccount SELECT n, n + 5000, 'github', 'uid' || n, '', '{}', now() FROM generate_series(1, 100) n;
INSERT INTO creators_invitationcode VALUES (1, encode(sha256('come-in'), 'hex'), 'friends', 5, 2, NULL, now());
INSERT INTO notes_course SELECT n, (n - 1) / 2 + 5001, NULL, 'course-' || n, CASE n % 2 WHEN 1 THEN 'Inbox' ELSE 'Course ' || n END,
  'about', '', NULL, n % 2 = 1, 0, '2025-02-01', '2025-02-02' FROM generate_series(1, :courses) n;
INSERT INTO notes_coursesubscription SELECT n, n % :people + 5001, n, true, now(), NULL, now(), now() FROM generate_series(1, 500) n;
INSERT INTO notes_courseoperationlog SELECT n, n % :people + 5001, n, 'subscribe', '', now(), now() FROM generate_series(1, 500) n;
INSERT INTO notes_note SELECT n, (n - 1) / 20 + 5001, (n - 1) / 10 + 1, gen_random_uuid(), gen_random_uuid()::text, 'Note ' || n,
  'About ' || n, n % 5 = 0, '# Note ' || n || E'\n\nSome words of note ' || n, '{"k": 1}', '', NULL,
  CASE WHEN n % 50 = 0 THEN '2026-03-01'::timestamptz END, 'N', NULL, 'G', '', '2025-03-01', '2025-03-02'::timestamptz + n * interval '1 s'
  FROM generate_series(1, :notes) n;
INSERT INTO notes_noteblock SELECT n, ((n - 1) / 3) / 20 + 5001, (n - 1) / 3 + 1, CASE n % 3 WHEN 1 THEN 'T' ELSE 'N' END, 'Block ' || n,
  NULL, false, '', '', now(), now() FROM generate_series(1, :blocks) n;
INSERT INTO notes_noteindex SELECT n, (n - 1) / 3 + 1, n, (n - 1) % 3 * 10 FROM generate_series(1, :blocks) n;
INSERT INTO notes_noteversion SELECT n, 1, 5001, 'Note 1', '', 'version ' || n, '', 'G', 'manual', '2025-04-01'::timestamptz + n * interval '1 h'
  FROM generate_series(1, 15) n;
INSERT INTO notes_noteattachment VALUES (1, 1, 'user_upload/user_1/notes/attachments/1/a.txt', 'a.txt', 5, 'text/plain', now()),
  (2, 2, 'user_upload/user_1/notes/attachments/2/lost.txt', 'lost.txt', 5, 'text/plain', now());
INSERT INTO notes_recyclebinentry SELECT n, (n * 50 - 1) / 20 + 5001, n * 50, 'note', '2026-03-01', '{}', now(), now()
  FROM generate_series(1, :entries) n; -- a quarter of the notes in the bin have none
INSERT INTO notes_noteactivitysession SELECT n, (n - 1) / 20 + 5001, n, 'Work', '', '2026-03-02 10:00+00', '2026-03-02 11:00+00', now(), now()
  FROM generate_series(1, :people) n;
INSERT INTO notes_heatmapactivity SELECT n, (n - 1) / 20 + 5001, NULL, n, 'C', current_date - 5, 7, now() FROM generate_series(1, :notes) n;
INSERT INTO notes_plannerevent SELECT n, n + 5000, NULL, 'Exam', '2026-05-01', NULL, NULL, 3, NULL, false, NULL, 'N', 1, NULL, NULL, now(), now()
  FROM generate_series(1, :people) n;
INSERT INTO notes_calendarfeed SELECT n, n + 5000, NULL, 'Lab', 'S', 'https://campus.example/lab.ics', '', false, NULL, now(), now()
  FROM generate_series(1, 50) n;

-- What is odd: somebody disabled, somebody who never opened the account, a shared address, names that differ in case,
-- a course title twice, rows whose owner is gone.
INSERT INTO auth_user VALUES (1001, '!', now(), false, 'shut', '', '', 'shut@example.org', false, false, now()),
  (1002, '!', NULL, false, 'waiting', '', '', 'waiting@example.org', false, false, now()),
  (1003, '!', now(), false, 'PERSON1', '', '', 'Person1@example.org', false, true, now());
INSERT INTO notes_course VALUES (2001, 5001, NULL, 'course-2001', 'INBOX', NULL, '', NULL, false, 0, now(), now()),
  (2002, 99999, NULL, 'course-2002', 'Orphan', NULL, '', NULL, false, 0, now(), now());
INSERT INTO notes_note SELECT 20001, 99999, NULL, gen_random_uuid(), 'orphan', 'Orphan', '', false, '', '', '', NULL, NULL, 'N', NULL, 'P', '',
  now(), now();
