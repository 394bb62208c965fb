-- What PostGraphile needs beside the tables: subtrees and kept counts are no foreign keys.
CREATE OR REPLACE FUNCTION public.members_within(organization bigint)
RETURNS SETOF public.core_member LANGUAGE sql STABLE AS $$
  SELECT m.* FROM public.core_member m
  WHERE m.org_path >= (SELECT o.path FROM public.core_organization o WHERE o.id = $1)
    AND m.org_path < (SELECT rtrim(o.path, '.') || '/' FROM public.core_organization o
      WHERE o.id = $1)
  ORDER BY m.org_path, m.id
$$;
CREATE OR REPLACE FUNCTION public.members_in_stage(organization bigint, stage text)
RETURNS SETOF public.core_member LANGUAGE sql STABLE AS $$
  SELECT m.* FROM public.core_member m
  WHERE m.org_path >= (SELECT o.path FROM public.core_organization o WHERE o.id = $1)
    AND m.org_path < (SELECT rtrim(o.path, '.') || '/' FROM public.core_organization o
      WHERE o.id = $1)
    AND m.stage = $2
  ORDER BY m.org_path, m.id
$$;
CREATE OR REPLACE FUNCTION public.members_in_contact_state(organization bigint, state text)
RETURNS SETOF public.core_member LANGUAGE sql STABLE AS $$
  SELECT m.* FROM public.core_member m
  WHERE m.org_path >= (SELECT o.path FROM public.core_organization o WHERE o.id = $1)
    AND m.org_path < (SELECT rtrim(o.path, '.') || '/' FROM public.core_organization o
      WHERE o.id = $1)
    AND m.contact_state = $2
$$;
CREATE OR REPLACE FUNCTION public.organizations_of_kind(organization bigint, kind text)
RETURNS SETOF public.core_organization LANGUAGE sql STABLE AS $$
  SELECT b.* FROM public.core_organization b
  WHERE b.path >= (SELECT o.path FROM public.core_organization o WHERE o.id = $1)
    AND b.path < (SELECT rtrim(o.path, '.') || '/' FROM public.core_organization o
      WHERE o.id = $1)
    AND b.kind = $2
$$;
CREATE OR REPLACE FUNCTION public.appointments_to_post(organization bigint, post text)
RETURNS SETOF public.core_appointment LANGUAGE sql STABLE AS $$
  SELECT a.* FROM public.core_appointment a
  WHERE a.org_path >= (SELECT o.path FROM public.core_organization o WHERE o.id = $1)
    AND a.org_path < (SELECT rtrim(o.path, '.') || '/' FROM public.core_organization o
      WHERE o.id = $1)
    AND a.post = $2
$$;
CREATE OR REPLACE FUNCTION public.core_organization_member_count(o public.core_organization)
RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT coalesce(sum(c.total), 0)::bigint FROM public.core_counter c
  WHERE c.organization_id = o.id AND c.metric = 'member.stage'
$$;
CREATE OR REPLACE FUNCTION public.core_organization_kind_label(o public.core_organization)
RETURNS text LANGUAGE sql STABLE AS $$
  SELECT c.label_zh FROM public.core_code c
  WHERE c.list = 'organization_kind' AND c.code = o.kind
$$;
