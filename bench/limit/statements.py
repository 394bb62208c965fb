"""Hand-written SQL for the six operations: one statement each, the JSON made by PostgreSQL.

No authentication, no row scope, no schema: what is left is the yardstick.
"""

from __future__ import annotations

_SUBTREE = (
    "{0} >= (SELECT path FROM core_organization WHERE id = $1)"
    " AND {0} < (SELECT rtrim(path, '.') || '/' FROM core_organization WHERE id = $1)"
)
_MEMBERS = _SUBTREE.format("m.org_path")
_MEMBER_COUNT = (
    "coalesce((SELECT sum(total) FROM core_counter c"
    " WHERE c.organization_id = o.id AND c.metric = 'member.stage'), 0)::bigint"
)

STATEMENTS = {
    "Q1": """
SELECT json_build_object('member', (SELECT json_build_object(
  'id', 'Member:' || m.id, 'name', p.name_masked, 'gender', p.gender, 'mobile', p.mobile_masked,
  'stage', m.stage, 'state', m.state, 'joinedOn', m.joined_on,
  'person', json_build_object('id', 'Person:' || p.id, 'employmentState', p.employment_state,
    'workUnit', p.work_unit),
  'branch', json_build_object('id', 'Organization:' || b.id, 'code', b.code, 'name', b.name,
    'superior', json_build_object('id', 'Organization:' || s1.id, 'name', s1.name,
      'superior', json_build_object('id', 'Organization:' || s2.id, 'name', s2.name,
        'superior', json_build_object('id', 'Organization:' || s3.id, 'name', s3.name,
          'superior', json_build_object('id', 'Organization:' || s4.id, 'name', s4.name))))))
  FROM core_member m
  JOIN core_person p ON p.id = m.person_id
  JOIN core_organization b ON b.id = m.branch_id
  JOIN core_organization s1 ON s1.id = b.superior_id
  JOIN core_organization s2 ON s2.id = s1.superior_id
  JOIN core_organization s3 ON s3.id = s2.superior_id
  JOIN core_organization s4 ON s4.id = s3.superior_id
  WHERE m.id = $1))::text""",
    "Q2": f"""
SELECT json_build_object('members', json_build_object('nodes', coalesce((
  SELECT json_agg(json_build_object(
    'id', 'Member:' || m.id, 'name', p.name_masked, 'stage', m.stage, 'joinedOn', m.joined_on,
    'branch', (SELECT json_build_object('id', 'Organization:' || b.id, 'code', b.code,
      'name', b.name) FROM core_organization b WHERE b.id = m.branch_id),
    'posts', (SELECT coalesce(json_agg(json_build_object(
      'post', json_build_object('code', a.post), 'isConcurrent', a.is_concurrent,
      'startsOn', a.starts_on) ORDER BY a.id), '[]'::json)
      FROM core_appointment a WHERE a.person_id = m.person_id)) ORDER BY m.org_path, m.id)
  FROM (SELECT * FROM core_member m WHERE {_MEMBERS} ORDER BY m.org_path, m.id LIMIT 50) m
  JOIN core_person p ON p.id = m.person_id), '[]'::json)))::text""",
    "Q3": f"""
SELECT json_build_object('organization', (SELECT json_build_object(
  'id', 'Organization:' || o.id, 'name', o.name, 'memberCount', {_MEMBER_COUNT},
  'subordinates', json_build_object('nodes', (
    SELECT json_agg(json_build_object('id', 'Organization:' || o.id, 'name', o.name,
      'memberCount', {_MEMBER_COUNT}) ORDER BY o.path)
    FROM core_organization o WHERE o.superior_id = $1)))
  FROM core_organization o WHERE o.id = $1))::text""",
    "Q4": f"""
SELECT json_build_object('members', (SELECT json_build_object(
  'totalCount', (SELECT count(*) FROM core_member m WHERE {_MEMBERS} AND m.stage = 'FULL_MEMBER'),
  'pageInfo', json_build_object('hasNextPage', count(*) > 20,
    'endCursor', max(cursor) FILTER (WHERE rn = least(cnt, 20))),
  'edges', json_agg(json_build_object('cursor', cursor, 'node', json_build_object(
    'id', 'Member:' || id, 'name', name, 'contactState', contact_state, 'joinedOn', joined_on,
    'branch', branch)) ORDER BY rn) FILTER (WHERE rn <= 20))
  FROM (SELECT m.*, p.name_masked AS name, json_build_object('id', 'Organization:' || b.id,
      'name', b.name) AS branch,
      row_number() OVER (ORDER BY m.org_path, m.id) AS rn, count(*) OVER () AS cnt,
      upper(encode(convert_to(
        json_build_array('+org_path,id', m.org_path, m.id)::text, 'UTF8'), 'hex')) AS cursor
    FROM (SELECT * FROM core_member m WHERE {_MEMBERS} AND m.stage = 'FULL_MEMBER'
      AND (m.org_path, m.id) > ($2, $3) ORDER BY m.org_path, m.id LIMIT 21) m
    JOIN core_person p ON p.id = m.person_id
    JOIN core_organization b ON b.id = m.branch_id) m))::text""",
    "Q5": f"""
SELECT json_build_object(
  'applicants', json_build_object('totalCount', (SELECT count(*) FROM core_member m
    WHERE {_MEMBERS} AND m.stage = 'APPLICANT')),
  'probationary', json_build_object('totalCount', (SELECT count(*) FROM core_member m
    WHERE {_MEMBERS} AND m.stage = 'PROBATIONARY_MEMBER')),
  'lost', json_build_object('totalCount', (SELECT count(*) FROM core_member m
    WHERE {_MEMBERS} AND m.contact_state = 'LOST')),
  'branches', json_build_object('totalCount', (SELECT count(*) FROM core_organization o
    WHERE {_SUBTREE.format("o.path")} AND o.kind = 'GRID_PARTY_BRANCH')),
  'secretaries', json_build_object('totalCount', (SELECT count(*) FROM core_appointment a
    WHERE {_SUBTREE.format("a.org_path")} AND a.post = 'SECRETARY')),
  'first', json_build_object('nodes', (SELECT coalesce(json_agg(json_build_object(
      'id', 'Member:' || m.id, 'name', p.name_masked, 'stage', m.stage, 'joinedOn', m.joined_on)
      ORDER BY m.org_path, m.id), '[]'::json)
    FROM (SELECT * FROM core_member m WHERE {_MEMBERS} ORDER BY m.org_path, m.id LIMIT 5) m
    JOIN core_person p ON p.id = m.person_id)))::text""",
    "Q6": f"""
SELECT json_build_object(
  'viewer', (SELECT json_build_object('name', name) FROM core_account WHERE id = 1),
  'organization', (SELECT json_build_object(
    'id', 'Organization:' || o.id, 'name', o.name,
    'area', (SELECT json_build_object('id', 'Area:' || a.id, 'name', a.name)
      FROM core_area a WHERE a.id = o.area_id),
    'memberCount', {_MEMBER_COUNT},
    'subordinates', json_build_object('nodes', (
      SELECT json_agg(json_build_object('id', 'Organization:' || o.id, 'name', o.name,
        'kind', json_build_object('code', o.kind, 'labelZh', (SELECT label_zh FROM core_code
          WHERE list = 'organization_kind' AND code = o.kind)),
        'area', json_build_object('id', 'Area:' || a.id, 'name', a.name),
        'memberCount', {_MEMBER_COUNT}) ORDER BY o.path)
      FROM core_organization o JOIN core_area a ON a.id = o.area_id WHERE o.superior_id = $1)))
    FROM core_organization o WHERE o.id = $1))::text""",
}
