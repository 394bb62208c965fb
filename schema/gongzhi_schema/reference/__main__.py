"""``python -m gongzhi_schema.reference FOLDER``."""

from gongzhi_schema.reference import main

main()
