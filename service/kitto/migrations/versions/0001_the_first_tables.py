"""The first tables.

There was no release before this one.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import kitto.base.db

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Things that Alembic does not see: the journal is append-only, and the search has an index.
BY_DATABASE = {
    "postgresql": [
        "CREATE OR REPLACE FUNCTION fact_is_append_only() RETURNS trigger LANGUAGE plpgsql "
        "AS $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$",
        "CREATE OR REPLACE TRIGGER fact_no_change BEFORE UPDATE OR DELETE ON fact FOR EACH "
        "ROW EXECUTE FUNCTION fact_is_append_only()",
        "CREATE OR REPLACE TRIGGER fact_no_truncate BEFORE TRUNCATE ON fact FOR EACH "
        "STATEMENT EXECUTE FUNCTION fact_is_append_only()",
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        "CREATE INDEX IF NOT EXISTS ix_asset_text_trgm ON asset_text USING gin (text gin_trgm_ops)",
    ],
    "sqlite": [
        "CREATE TRIGGER IF NOT EXISTS fact_no_update BEFORE UPDATE ON fact BEGIN SELECT "
        "RAISE(ABORT, 'the journal is append-only'); END",
        "CREATE TRIGGER IF NOT EXISTS fact_no_delete BEFORE DELETE ON fact BEGIN SELECT "
        "RAISE(ABORT, 'the journal is append-only'); END",
        "CREATE VIRTUAL TABLE IF NOT EXISTS asset_text_fts USING fts5(text, "
        "content='asset_text', content_rowid='asset_id', tokenize='trigram')",
        "CREATE TRIGGER IF NOT EXISTS asset_text_added AFTER INSERT ON asset_text BEGIN INSERT "
        "INTO asset_text_fts(rowid, text) VALUES (new.asset_id, new.text); END",
        "CREATE TRIGGER IF NOT EXISTS asset_text_gone AFTER DELETE ON asset_text BEGIN INSERT "
        "INTO asset_text_fts(asset_text_fts, rowid, text) VALUES ('delete', old.asset_id, "
        "old.text); END",
        "CREATE TRIGGER IF NOT EXISTS asset_text_changed AFTER UPDATE ON asset_text BEGIN "
        "INSERT INTO asset_text_fts(asset_text_fts, rowid, text) VALUES ('delete', "
        "old.asset_id, old.text); INSERT INTO asset_text_fts(rowid, text) VALUES "
        "(new.asset_id, new.text); END",
    ],
}
FIRST_HEAD = "INSERT INTO journal_head (id, seq, hash) VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000')"


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("password_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("totp_sealed", sa.String(), nullable=True),
        sa.Column("totp_pending", sa.String(), nullable=True),
        sa.Column("totp_counter", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("made_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_person_id"), ["person_id"], unique=False)

    op.create_table(
        "category",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name_ja", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("tag_prefix", sa.String(), nullable=False),
        sa.Column("tag_width", sa.Integer(), nullable=False),
        sa.Column("needs_serial", sa.Boolean(), nullable=False),
        sa.Column("needs_kitting", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("code", name=op.f("uq_category_code")),
    )
    op.create_table(
        "department",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("path", sa.String(length=500), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["department.id"], name=op.f("fk_department_parent_id_department")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department")),
        sa.UniqueConstraint("code", name=op.f("uq_department_code")),
    )
    with op.batch_alter_table("department", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_department_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_department_path"), ["path"], unique=False)

    op.create_table(
        "desk_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("hand_over", "take_back", name="mode", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "holder_kind",
            sa.Enum(
                "person", "project", "department", "asset", name="holderkind", native_enum=False, length=32
            ),
            nullable=True,
        ),
        sa.Column("holder_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("opened_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_session")),
    )
    with op.batch_alter_table("desk_session", schema=None) as batch_op:
        batch_op.create_index(
            "uq_desk_session_open",
            ["actor"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "document_counter",
        sa.Column(
            "kind", sa.Enum("receipt", "return", name="kind", native_enum=False, length=32), nullable=False
        ),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "year", name=op.f("pk_document_counter")),
    )
    op.create_table(
        "fact",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("also_kind", sa.String(), nullable=True),
        sa.Column("also_id", sa.String(), nullable=True),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_fact")),
    )
    with op.batch_alter_table("fact", schema=None) as batch_op:
        batch_op.create_index("ix_fact_actor", ["actor_id", "seq"], unique=False)
        batch_op.create_index("ix_fact_also", ["also_kind", "also_id", "seq"], unique=False)
        batch_op.create_index("ix_fact_at", ["at"], unique=False)
        batch_op.create_index("ix_fact_kind", ["kind", "seq"], unique=False)
        batch_op.create_index("ix_fact_subject", ["subject_kind", "subject_id", "seq"], unique=False)

    op.create_table(
        "handover",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind", sa.Enum("receipt", "return", name="kind", native_enum=False, length=32), nullable=False
        ),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column(
            "holder_kind",
            sa.Enum(
                "person", "project", "department", "asset", name="holderkind", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("holder_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("holder_name", sa.String(length=200), nullable=False),
        sa.Column("holder_kana", sa.String(length=100), nullable=False),
        sa.Column("holder_number", sa.String(length=32), nullable=False),
        sa.Column("holder_department", sa.String(length=100), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
        sa.UniqueConstraint("number", name=op.f("uq_handover_number")),
    )
    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.create_index("ix_handover_holder", ["holder_kind", "holder_id", "id"], unique=False)

    op.create_table(
        "journal_head",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_head")),
    )
    op.create_table(
        "kept_answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("etag", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_answer")),
        sa.UniqueConstraint("actor", "key", name=op.f("uq_kept_answer_actor_key")),
    )
    with op.batch_alter_table("kept_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kept_answer_at"), ["at"], unique=False)

    op.create_table(
        "kit_key",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("private_sealed", sa.Text(), nullable=False),
        sa.Column("made_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_key")),
    )
    op.create_table(
        "kit_profile",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("definition", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("made_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_profile")),
        sa.UniqueConstraint("content", name=op.f("uq_kit_profile_content")),
        sa.UniqueConstraint("name", "number", name=op.f("uq_kit_profile_name_number")),
    )
    op.create_table(
        "label_print",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.Column("made_by_name", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("tags", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("warnings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_print")),
    )
    with op.batch_alter_table("label_print", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_label_print_made_by"), ["made_by"], unique=False)

    op.create_table(
        "label_printer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("dx", sa.Double(), nullable=False),
        sa.Column("dy", sa.Double(), nullable=False),
        sa.Column("scale_x", sa.Double(), nullable=False),
        sa.Column("scale_y", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_printer")),
        sa.UniqueConstraint("name", name=op.f("uq_label_printer_name")),
    )
    op.create_table(
        "location",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["location.id"], name=op.f("fk_location_parent_id_location")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location")),
        sa.UniqueConstraint("code", name=op.f("uq_location_code")),
    )
    with op.batch_alter_table("location", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_location_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "probe_credential",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "community",
                "user",
                "ssh_key",
                "password",
                name="credentialkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("snmp_version", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("cipher", sa.String(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("changed_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probe_credential")),
        sa.UniqueConstraint("name", name=op.f("uq_probe_credential_name")),
    )
    op.create_table(
        "software",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("release", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_software")),
        sa.UniqueConstraint("name", "release", "kind", name=op.f("uq_software_name_release_kind")),
    )
    op.create_table(
        "software_title",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("publisher", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_software_title")),
        sa.UniqueConstraint("name_key", name=op.f("uq_software_title_name_key")),
    )
    op.create_table(
        "tag_counter",
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_tag_counter")),
    )
    op.create_table(
        "try_count",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("since", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_try_count")),
    )
    with op.batch_alter_table("try_count", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_try_count_since"), ["since"], unique=False)

    op.create_table(
        "api_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("permissions", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column(
            "scope_kind",
            sa.Enum("department", "project", "site", name="scopekind", native_enum=False, length=32),
            nullable=True,
        ),
        sa.Column("scope_id", sa.String(), nullable=True),
        sa.Column("quota", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("used_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(scope_kind IS NULL) = (scope_id IS NULL)", name=op.f("ck_api_token_scope_whole")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_api_token_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("public_id", name=op.f("uq_api_token_public_id")),
    )
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_token_account_id"), ["account_id"], unique=False)

    op.create_table(
        "handover_document",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handover_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("made_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handover.id"], name=op.f("fk_handover_document_handover_id_handover")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_document")),
        sa.UniqueConstraint("handover_id", name=op.f("uq_handover_document_handover_id")),
    )
    op.create_table(
        "model",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("maker", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["category_id"], ["category.id"], name=op.f("fk_model_category_id_category")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model")),
        sa.UniqueConstraint("maker", "name", "number", name=op.f("uq_model_maker_name_number")),
    )
    with op.batch_alter_table("model", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_model_category_id"), ["category_id"], unique=False)

    op.create_table(
        "password_link",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("made_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_password_link_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_link")),
        sa.UniqueConstraint("digest", name=op.f("uq_password_link_digest")),
    )
    with op.batch_alter_table("password_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_password_link_account_id"), ["account_id"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kana", sa.String(length=100), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "employee", "temporary", "partner", "officer", name="personkind", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("mail", sa.String(length=254), nullable=False),
        sa.Column("joins_on", sa.Date(), nullable=True),
        sa.Column("leaves_on", sa.Date(), nullable=True),
        sa.Column("badge", sa.String(length=64), nullable=True),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("search", sa.String(length=600), nullable=False),
        sa.Column("sort_key", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"], ["department.id"], name=op.f("fk_person_department_id_department")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("badge", name=op.f("uq_person_badge")),
        sa.UniqueConstraint("number", name=op.f("uq_person_number")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_leaves_on"), ["leaves_on"], unique=False)
        batch_op.create_index("ix_person_sort_key_id", ["sort_key", "id"], unique=False)

    op.create_table(
        "pool",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column(
            "metric", sa.Enum("device", "user", name="metric", native_enum=False, length=32), nullable=False
        ),
        sa.Column("cap", sa.Integer(), nullable=False),
        sa.Column(
            "policy",
            sa.Enum("hard", "warn", "count", name="policy", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("search", sa.String(length=600), nullable=False),
        sa.Column("sort_key", sa.String(length=300), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("policy <> 'hard' OR used <= cap", name=op.f("ck_pool_hard_cap")),
        sa.CheckConstraint("cap >= 0", name=op.f("ck_pool_cap_not_negative")),
        sa.CheckConstraint("used >= 0", name=op.f("ck_pool_used_not_negative")),
        sa.ForeignKeyConstraint(
            ["title_id"], ["software_title.id"], name=op.f("fk_pool_title_id_software_title")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool")),
    )
    with op.batch_alter_table("pool", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pool_ends_on"), ["ends_on"], unique=False)
        batch_op.create_index("ix_pool_sort_key_id", ["sort_key", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pool_title_id"), ["title_id"], unique=False)

    op.create_table(
        "role_grant",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "viewer",
                "technician",
                "asset_manager",
                "administrator",
                name="role",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "scope_kind",
            sa.Enum("department", "project", "site", name="scopekind", native_enum=False, length=32),
            nullable=True,
        ),
        sa.Column("scope_id", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(scope_kind IS NULL) = (scope_id IS NULL)", name=op.f("ck_role_grant_scope_whole")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_role_grant_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
        sa.UniqueConstraint(
            "account_id",
            "role",
            "scope_kind",
            "scope_id",
            name=op.f("uq_role_grant_account_id_role_scope_kind_scope_id"),
        ),
    )
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_role_grant_account_id"), ["account_id"], unique=False)

    op.create_table(
        "sign_in",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("made_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("seen_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("browser", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sign_in_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("digest", name=op.f("uq_sign_in_digest")),
    )
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_in_ends_at"), ["ends_at"], unique=False)

    op.create_table(
        "asset",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(), nullable=True),
        sa.Column("model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "ordered",
                "received",
                "in_stock",
                "kitting",
                "ready",
                "in_use",
                "returning",
                "inspecting",
                "repair",
                "missing",
                "wiping",
                "retired",
                "disposed",
                "lease_returned",
                "voided",
                name="state",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("state_since", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column(
            "condition",
            sa.Enum(
                "good", "needs_repair", "broken", "for_parts", name="condition", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "ownership",
            sa.Enum(
                "owned",
                "leased",
                "rented",
                "private",
                "customer",
                name="ownership",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("location_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("serial", sa.String(), nullable=True),
        sa.Column("hostname", sa.String(), nullable=True),
        sa.Column("order_no", sa.String(), nullable=False),
        sa.Column("ordered_by", sa.String(), nullable=False),
        sa.Column("ordered_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("received_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("retired_by", sa.String(), nullable=False),
        sa.Column("price", sa.Integer(), nullable=True),
        sa.Column("warranty_until", sa.Date(), nullable=True),
        sa.Column("accessories", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("changed_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_asset_location_id_location")),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_asset_model_id_model")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset")),
        sa.UniqueConstraint("tag", name=op.f("uq_asset_tag")),
    )
    with op.batch_alter_table("asset", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_asset_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_asset_location_id"), ["location_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_asset_model_id"), ["model_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_asset_project_id"), ["project_id"], unique=False)
        batch_op.create_index("ix_asset_serial", ["serial"], unique=False)
        batch_op.create_index("ix_asset_state", ["state", "id"], unique=False)

    op.create_table(
        "project",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("manager_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("cost_centre", sa.String(length=32), nullable=False),
        sa.Column("search", sa.String(length=400), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["manager_id"], ["person.id"], name=op.f("fk_project_manager_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("code", name=op.f("uq_project_code")),
    )
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_project_manager_id"), ["manager_id"], unique=False)

    op.create_table(
        "seat",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pool_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "holder_kind",
            sa.Enum(
                "person", "project", "department", "asset", name="holderkind", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("holder_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("holder_name", sa.String(length=200), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("granted_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.String(length=200), nullable=False),
        sa.Column("freed_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("freed_by", sa.String(length=200), nullable=True),
        sa.Column(
            "freed_why",
            sa.Enum(
                "by_hand",
                "taken_back",
                "found",
                "retired",
                "disposed",
                "lease_returned",
                "voided",
                name="freedwhy",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_seat_quantity_positive")),
        sa.ForeignKeyConstraint(["pool_id"], ["pool.id"], name=op.f("fk_seat_pool_id_pool")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat")),
    )
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.create_index("ix_seat_holder", ["holder_kind", "holder_id", "id"], unique=False)
        batch_op.create_index("ix_seat_pool_id_id", ["pool_id", "id"], unique=False)
        batch_op.create_index(
            "uq_seat_open",
            ["pool_id", "holder_kind", "holder_id"],
            unique=True,
            sqlite_where=sa.text("freed_at IS NULL"),
            postgresql_where=sa.text("freed_at IS NULL"),
        )

    op.create_table(
        "asset_text",
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_asset_text_asset_id_asset")),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_asset_text")),
    )
    op.create_table(
        "custody",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "holder_kind",
            sa.Enum(
                "person", "project", "department", "asset", name="holderkind", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("holder_name", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("started_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_custody_asset_id_asset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody")),
    )
    with op.batch_alter_table("custody", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_custody_asset_id"), ["asset_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_custody_due_on"), ["due_on"], unique=False)
        batch_op.create_index("ix_custody_holder", ["holder_kind", "holder_id", "ended_at"], unique=False)
        batch_op.create_index(
            "uq_custody_open",
            ["asset_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "device_label",
        sa.Column(
            "asset_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("wanted_since", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("printed_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("print_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("verified_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_device_label_asset_id_asset")),
        sa.ForeignKeyConstraint(
            ["print_id"], ["label_print.id"], name=op.f("fk_device_label_print_id_label_print")
        ),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_device_label")),
    )
    with op.batch_alter_table("device_label", schema=None) as batch_op:
        batch_op.create_index("ix_device_label_wanted", ["wanted_since", "asset_id"], unique=False)

    op.create_table(
        "endpoint",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("host_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_endpoint_asset_id_asset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoint")),
        sa.UniqueConstraint("asset_id", "kind", name=op.f("uq_endpoint_asset_id_kind")),
    )
    op.create_table(
        "enrolment_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("max_uses", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_enrolment_token_asset_id_asset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_enrolment_token_digest")),
    )
    with op.batch_alter_table("enrolment_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrolment_token_asset_id"), ["asset_id"], unique=False)

    op.create_table(
        "handover_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handover_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=300), nullable=False),
        sa.Column("serial", sa.String(length=128), nullable=False),
        sa.Column("accessories", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("missing", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column(
            "condition",
            sa.Enum(
                "good", "needs_repair", "broken", "for_parts", name="condition", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_handover_line_asset_id_asset")),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handover.id"], name=op.f("fk_handover_line_handover_id_handover")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_line")),
    )
    with op.batch_alter_table("handover_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handover_line_asset_id"), ["asset_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_handover_line_handover_id"), ["handover_id"], unique=False)

    op.create_table(
        "handover_seat",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handover_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handover.id"], name=op.f("fk_handover_seat_handover_id_handover")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_handover_seat_seat_id_seat")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_seat")),
    )
    with op.batch_alter_table("handover_seat", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handover_seat_handover_id"), ["handover_id"], unique=False)

    op.create_table(
        "identifier",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "tag",
                "serial",
                "imei",
                "mac",
                "uuid",
                "hostname",
                "old_tag",
                "lease_no",
                "fixed_asset_no",
                name="identifierkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("raw", sa.String(), nullable=False),
        sa.Column("norm", sa.String(), nullable=False),
        sa.Column("since", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_identifier_asset_id_asset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identifier")),
    )
    with op.batch_alter_table("identifier", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identifier_asset_id"), ["asset_id"], unique=False)
        batch_op.create_index("ix_identifier_norm", ["norm"], unique=False)
        batch_op.create_index(
            "uq_identifier_live",
            ["kind", "norm"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "kit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("profile_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("parameters", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "running",
                "waiting",
                "failed",
                "cancelling",
                "finished",
                "cancelled",
                name="kitstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("state_since", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column(
            "waits_for",
            sa.Enum("person", "device", name="waitfor", native_enum=False, length=32),
            nullable=True,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("started_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_kit_asset_id_asset")),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["kit_profile.id"], name=op.f("fk_kit_profile_id_kit_profile")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit")),
    )
    with op.batch_alter_table("kit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kit_asset_id"), ["asset_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_kit_profile_id"), ["profile_id"], unique=False)
        batch_op.create_index("ix_kit_state", ["state", "id"], unique=False)
        batch_op.create_index(
            "uq_kit_open",
            ["asset_id"],
            unique=True,
            sqlite_where=sa.text("is_open"),
            postgresql_where=sa.text("is_open"),
        )

    op.create_table(
        "membership",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id_person")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_membership_project_id_project")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint(
            "person_id", "project_id", "starts_on", name=op.f("uq_membership_person_id_project_id_starts_on")
        ),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index("ix_membership_project_id_person_id", ["project_id", "person_id"], unique=False)

    op.create_table(
        "observed",
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("serial_fits", sa.Boolean(), nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_observed_asset_id_asset")),
        sa.PrimaryKeyConstraint("asset_id", "source", name=op.f("pk_observed")),
    )
    op.create_table(
        "probe",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("snmp", "ssh", "cli", "tcp", name="probekind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("interval_seconds", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("credential_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("host_key", sa.Text(), nullable=False),
        sa.Column("made_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_probe_asset_id_asset")),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["probe_credential.id"], name=op.f("fk_probe_credential_id_probe_credential")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probe")),
        sa.UniqueConstraint("asset_id", "kind", "port", name=op.f("uq_probe_asset_id_kind_port")),
    )
    with op.batch_alter_table("probe", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_probe_credential_id"), ["credential_id"], unique=False)

    op.create_table(
        "problem",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("probe_id", sa.Integer(), nullable=True),
        sa.Column(
            "check_",
            sa.Enum(
                "reach",
                "credentials",
                "identity",
                "host_key",
                "many_silent",
                "supply",
                "waste",
                "disk",
                "battery",
                "on_battery",
                "runtime",
                "ups_load",
                "temperature",
                name="check",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("opened_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_problem_asset_id_asset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_problem")),
    )
    with op.batch_alter_table("problem", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_problem_asset_id"), ["asset_id"], unique=False)
        batch_op.create_index("ix_problem_opened", ["opened_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_problem_probe_id"), ["probe_id"], unique=False)
        batch_op.create_index(
            "uq_problem_open",
            ["key"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "agent",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("token_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending", "active", "quarantined", "revoked", name="agentstate", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("state_since", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("matched", "pending", "conflict", name="verdict", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "matched_by",
            sa.Enum(
                "token",
                "serial",
                "uuid",
                "mac",
                "board",
                "hostname",
                "person",
                "nothing",
                name="by",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("suggested", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("enrolled_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("enrolled_from", sa.String(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("next_secret", sa.Text(), nullable=True),
        sa.Column("secret_made_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("hostname", sa.String(), nullable=False),
        sa.Column("serial_key", sa.String(), nullable=False),
        sa.Column("uuid_key", sa.String(), nullable=False),
        sa.Column("board_key", sa.String(), nullable=False),
        sa.Column("first_report_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_agent_asset_id_asset")),
        sa.ForeignKeyConstraint(
            ["token_id"], ["enrolment_token.id"], name=op.f("fk_agent_token_id_enrolment_token")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent")),
        sa.UniqueConstraint("device", name=op.f("uq_agent_device")),
    )
    with op.batch_alter_table("agent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agent_asset_id"), ["asset_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_agent_serial_key"), ["serial_key"], unique=False)
        batch_op.create_index("ix_agent_state", ["state", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_agent_uuid_key"), ["uuid_key"], unique=False)
        batch_op.create_index(
            "uq_agent_active",
            ["asset_id"],
            unique=True,
            sqlite_where=sa.text("state = 'active'"),
            postgresql_where=sa.text("state = 'active'"),
        )

    op.create_table(
        "desk_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scanned", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("pool_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("transfer_from", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "condition",
            sa.Enum(
                "good", "needs_repair", "broken", "for_parts", name="condition", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("missing", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("scanned_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_desk_line_asset_id_asset")),
        sa.ForeignKeyConstraint(["pool_id"], ["pool.id"], name=op.f("fk_desk_line_pool_id_pool")),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["desk_session.id"],
            name=op.f("fk_desk_line_session_id_desk_session"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["transfer_from"], ["custody.id"], name=op.f("fk_desk_line_transfer_from_custody")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_line")),
        sa.UniqueConstraint("session_id", "asset_id", name=op.f("uq_desk_line_session_id_asset_id")),
        sa.UniqueConstraint("session_id", "pool_id", name=op.f("uq_desk_line_session_id_pool_id")),
    )
    with op.batch_alter_table("desk_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_desk_line_session_id"), ["session_id"], unique=False)

    op.create_table(
        "health",
        sa.Column("probe_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "ok",
                "suspect",
                "down",
                "recovering",
                "auth_failed",
                "unknown",
                name="healthstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("since", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("goods", sa.Integer(), nullable=False),
        sa.Column("evidence_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("answered_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column(
            "reason",
            sa.Enum(
                "answered",
                "no_answer",
                "refused",
                "unreadable",
                "credentials",
                "no_credentials",
                "host_key_unknown",
                "host_key_changed",
                "we_were_late",
                "our_network",
                "many_at_once",
                "not_yet_polled",
                name="reason",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("polled_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("due_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("latency_ms", sa.Double(), nullable=True),
        sa.Column("uptime_seconds", sa.Double(), nullable=True),
        sa.Column("uptime_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("engine_boots", sa.Integer(), nullable=True),
        sa.Column("readings_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("identity_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("identity", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("shown_key", sa.Text(), nullable=False),
        sa.Column("opinion", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("opinion_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["probe_id"], ["probe.id"], name=op.f("fk_health_probe_id_probe")),
        sa.PrimaryKeyConstraint("probe_id", name=op.f("pk_health")),
    )
    with op.batch_alter_table("health", schema=None) as batch_op:
        batch_op.create_index("ix_health_due", ["due_at", "probe_id"], unique=False)
        batch_op.create_index("ix_health_state", ["state"], unique=False)

    op.create_table(
        "kit_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "manual",
                "scan",
                "label",
                "playbook",
                "agent_wait",
                "check",
                name="stepkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "on_lost", sa.Enum("rerun", "ask", name="onlost", native_enum=False, length=32), nullable=False
        ),
        sa.Column("spec", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "running",
                "waiting",
                "succeeded",
                "failed",
                "skipped",
                "cancelled",
                "lost",
                name="stepstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("started_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["kit_id"], ["kit.id"], name=op.f("fk_kit_step_kit_id_kit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_step")),
        sa.UniqueConstraint("kit_id", "key", name=op.f("uq_kit_step_kit_id_key")),
        sa.UniqueConstraint("kit_id", "position", name=op.f("uq_kit_step_kit_id_position")),
    )
    op.create_table(
        "reading",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("probe_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["probe_id"], ["probe.id"], name=op.f("fk_reading_probe_id_probe")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
    )
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.create_index("ix_reading_at", ["at"], unique=False)
        batch_op.create_index("ix_reading_series", ["probe_id", "name", "instance", "at"], unique=False)

    op.create_table(
        "reading_last",
        sa.Column("probe_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column(
            "unit",
            sa.Enum(
                "percent",
                "seconds",
                "count",
                "celsius",
                "bytes",
                "volts",
                "load",
                "state",
                name="unit",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "exactness",
            sa.Enum("exact", "some", "unknown", name="exactness", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("kept", sa.Double(), nullable=True),
        sa.Column("kept_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["probe_id"], ["probe.id"], name=op.f("fk_reading_last_probe_id_probe")),
        sa.PrimaryKeyConstraint("probe_id", "name", "instance", name=op.f("pk_reading_last")),
    )
    op.create_table(
        "agent_mac",
        sa.Column("agent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mac", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_agent_mac_agent_id_agent")),
        sa.PrimaryKeyConstraint("agent_id", "mac", name=op.f("pk_agent_mac")),
    )
    with op.batch_alter_table("agent_mac", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agent_mac_mac"), ["mac"], unique=False)

    op.create_table(
        "finding",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "field",
            sa.Enum("serial", "maker", "model", "hostname", name="field", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("declared", sa.String(), nullable=False),
        sa.Column("observed", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open", "accepted", "dismissed", "settled", name="findingstate", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("raised_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_finding_agent_id_agent")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_finding_asset_id_asset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
    )
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_finding_asset_id"), ["asset_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finding_state"), ["state"], unique=False)
        batch_op.create_index(
            "uq_finding_open",
            ["asset_id", "field"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "installation",
        sa.Column("agent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("software_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_installation_agent_id_agent")),
        sa.ForeignKeyConstraint(
            ["software_id"], ["software.id"], name=op.f("fk_installation_software_id_software")
        ),
        sa.PrimaryKeyConstraint("agent_id", "software_id", name=op.f("pk_installation")),
    )
    with op.batch_alter_table("installation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_installation_software_id"), ["software_id"], unique=False)

    op.create_table(
        "kit_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("launched_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("started_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("counts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["step_id"], ["kit_step.id"], name=op.f("fk_kit_attempt_step_id_kit_step")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_attempt")),
        sa.UniqueConstraint("run", name=op.f("uq_kit_attempt_run")),
    )
    with op.batch_alter_table("kit_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kit_attempt_step_id"), ["step_id"], unique=False)

    op.create_table(
        "kit_evidence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("prev_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["kit_id"], ["kit.id"], name=op.f("fk_kit_evidence_kit_id_kit")),
        sa.ForeignKeyConstraint(["step_id"], ["kit_step.id"], name=op.f("fk_kit_evidence_step_id_kit_step")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_evidence")),
    )
    with op.batch_alter_table("kit_evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kit_evidence_kit_id"), ["kit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_kit_evidence_step_id"), ["step_id"], unique=False)

    op.create_table(
        "observation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("section", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("document", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("observed_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_observation_agent_id_agent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation")),
        sa.UniqueConstraint("agent_id", "section", name=op.f("uq_observation_agent_id_section")),
    )
    op.create_table(
        "sighting",
        sa.Column(
            "agent_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("reported", sa.String(), nullable=False),
        sa.Column("agent_version", sa.String(), nullable=False),
        sa.Column("uptime_s", sa.BigInteger(), nullable=False),
        sa.Column("free_mb", sa.BigInteger(), nullable=False),
        sa.Column("unreachable_since", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_sighting_agent_id_agent")),
        sa.PrimaryKeyConstraint("agent_id", name=op.f("pk_sighting")),
    )
    with op.batch_alter_table("sighting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sighting_seen_at"), ["seen_at"], unique=False)

    op.create_table(
        "play_line",
        sa.Column("attempt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["kit_attempt.id"], name=op.f("fk_play_line_attempt_id_kit_attempt")
        ),
        sa.PrimaryKeyConstraint("attempt_id", "seq", name=op.f("pk_play_line")),
    )
    op.execute(FIRST_HEAD)
    for statement in BY_DATABASE[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE asset_text_fts")
    op.drop_table("play_line")
    with op.batch_alter_table("sighting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sighting_seen_at"))

    op.drop_table("sighting")
    op.drop_table("observation")
    with op.batch_alter_table("kit_evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kit_evidence_step_id"))
        batch_op.drop_index(batch_op.f("ix_kit_evidence_kit_id"))

    op.drop_table("kit_evidence")
    with op.batch_alter_table("kit_attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kit_attempt_step_id"))

    op.drop_table("kit_attempt")
    with op.batch_alter_table("installation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_installation_software_id"))

    op.drop_table("installation")
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_finding_open",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.drop_index(batch_op.f("ix_finding_state"))
        batch_op.drop_index(batch_op.f("ix_finding_asset_id"))

    op.drop_table("finding")
    with op.batch_alter_table("agent_mac", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_agent_mac_mac"))

    op.drop_table("agent_mac")
    op.drop_table("reading_last")
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.drop_index("ix_reading_series")
        batch_op.drop_index("ix_reading_at")

    op.drop_table("reading")
    op.drop_table("kit_step")
    with op.batch_alter_table("health", schema=None) as batch_op:
        batch_op.drop_index("ix_health_state")
        batch_op.drop_index("ix_health_due")

    op.drop_table("health")
    with op.batch_alter_table("desk_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_desk_line_session_id"))

    op.drop_table("desk_line")
    with op.batch_alter_table("agent", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_agent_active",
            sqlite_where=sa.text("state = 'active'"),
            postgresql_where=sa.text("state = 'active'"),
        )
        batch_op.drop_index(batch_op.f("ix_agent_uuid_key"))
        batch_op.drop_index("ix_agent_state")
        batch_op.drop_index(batch_op.f("ix_agent_serial_key"))
        batch_op.drop_index(batch_op.f("ix_agent_asset_id"))

    op.drop_table("agent")
    with op.batch_alter_table("problem", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_problem_open",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_problem_probe_id"))
        batch_op.drop_index("ix_problem_opened")
        batch_op.drop_index(batch_op.f("ix_problem_asset_id"))

    op.drop_table("problem")
    with op.batch_alter_table("probe", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_probe_credential_id"))

    op.drop_table("probe")
    op.drop_table("observed")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index("ix_membership_project_id_person_id")

    op.drop_table("membership")
    with op.batch_alter_table("kit", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_kit_open", sqlite_where=sa.text("is_open"), postgresql_where=sa.text("is_open")
        )
        batch_op.drop_index("ix_kit_state")
        batch_op.drop_index(batch_op.f("ix_kit_profile_id"))
        batch_op.drop_index(batch_op.f("ix_kit_asset_id"))

    op.drop_table("kit")
    with op.batch_alter_table("identifier", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_identifier_live",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_identifier_norm")
        batch_op.drop_index(batch_op.f("ix_identifier_asset_id"))

    op.drop_table("identifier")
    with op.batch_alter_table("handover_seat", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_handover_seat_handover_id"))

    op.drop_table("handover_seat")
    with op.batch_alter_table("handover_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_handover_line_handover_id"))
        batch_op.drop_index(batch_op.f("ix_handover_line_asset_id"))

    op.drop_table("handover_line")
    with op.batch_alter_table("enrolment_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_enrolment_token_asset_id"))

    op.drop_table("enrolment_token")
    op.drop_table("endpoint")
    with op.batch_alter_table("device_label", schema=None) as batch_op:
        batch_op.drop_index("ix_device_label_wanted")

    op.drop_table("device_label")
    with op.batch_alter_table("custody", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_custody_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_custody_holder")
        batch_op.drop_index(batch_op.f("ix_custody_due_on"))
        batch_op.drop_index(batch_op.f("ix_custody_asset_id"))

    op.drop_table("custody")
    op.drop_table("asset_text")
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_seat_open",
            sqlite_where=sa.text("freed_at IS NULL"),
            postgresql_where=sa.text("freed_at IS NULL"),
        )
        batch_op.drop_index("ix_seat_pool_id_id")
        batch_op.drop_index("ix_seat_holder")

    op.drop_table("seat")
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_project_manager_id"))

    op.drop_table("project")
    with op.batch_alter_table("asset", schema=None) as batch_op:
        batch_op.drop_index("ix_asset_state")
        batch_op.drop_index("ix_asset_serial")
        batch_op.drop_index(batch_op.f("ix_asset_project_id"))
        batch_op.drop_index(batch_op.f("ix_asset_model_id"))
        batch_op.drop_index(batch_op.f("ix_asset_location_id"))
        batch_op.drop_index(batch_op.f("ix_asset_department_id"))

    op.drop_table("asset")
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_ends_at"))
        batch_op.drop_index(batch_op.f("ix_sign_in_account_id"))

    op.drop_table("sign_in")
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_role_grant_account_id"))

    op.drop_table("role_grant")
    with op.batch_alter_table("pool", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pool_title_id"))
        batch_op.drop_index("ix_pool_sort_key_id")
        batch_op.drop_index(batch_op.f("ix_pool_ends_on"))

    op.drop_table("pool")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index("ix_person_sort_key_id")
        batch_op.drop_index(batch_op.f("ix_person_leaves_on"))
        batch_op.drop_index(batch_op.f("ix_person_department_id"))

    op.drop_table("person")
    with op.batch_alter_table("password_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_password_link_account_id"))

    op.drop_table("password_link")
    with op.batch_alter_table("model", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_model_category_id"))

    op.drop_table("model")
    op.drop_table("handover_document")
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_token_account_id"))

    op.drop_table("api_token")
    with op.batch_alter_table("try_count", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_try_count_since"))

    op.drop_table("try_count")
    op.drop_table("tag_counter")
    op.drop_table("software_title")
    op.drop_table("software")
    op.drop_table("probe_credential")
    with op.batch_alter_table("location", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_location_parent_id"))

    op.drop_table("location")
    op.drop_table("label_printer")
    with op.batch_alter_table("label_print", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_label_print_made_by"))

    op.drop_table("label_print")
    op.drop_table("kit_profile")
    op.drop_table("kit_key")
    with op.batch_alter_table("kept_answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kept_answer_at"))

    op.drop_table("kept_answer")
    op.drop_table("journal_head")
    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.drop_index("ix_handover_holder")

    op.drop_table("handover")
    with op.batch_alter_table("fact", schema=None) as batch_op:
        batch_op.drop_index("ix_fact_subject")
        batch_op.drop_index("ix_fact_kind")
        batch_op.drop_index("ix_fact_at")
        batch_op.drop_index("ix_fact_also")
        batch_op.drop_index("ix_fact_actor")

    op.drop_table("fact")
    op.drop_table("document_counter")
    with op.batch_alter_table("desk_session", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_desk_session_open",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.drop_table("desk_session")
    with op.batch_alter_table("department", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_department_path"))
        batch_op.drop_index(batch_op.f("ix_department_parent_id"))

    op.drop_table("department")
    op.drop_table("category")
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_person_id"))

    op.drop_table("account")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION fact_is_append_only")
